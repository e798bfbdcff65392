"""What is made from the code is what lies in the repository, and what is not is named."""

from tools import generated


def test_every_generated_file_is_what_the_code_declares() -> None:
    assert generated.problems(generated.files()) == []


def test_a_file_that_is_old_or_made_from_nothing_is_named() -> None:
    wanted = generated.files()
    changed, dropped = generated.ACCOUNTS, generated.OWNED[1] / "models.yaml"
    wanted |= {changed: "accounts {}\n"}
    del wanted[dropped]
    assert generated.problems(wanted) == [
        "deploy/nats/accounts.conf is not what the code declares; run `make schemas`",
        "deploy/k8s/base/services/models.yaml is made from nothing any more; delete it",
    ]
