"""Settings come from variables or from mounted files, the service's own before those of all services."""

from pathlib import Path

import pytest

from libs.runtime import ServiceSettings, secret, service_config


class Settings(ServiceSettings):
    model_config = service_config("results")
    colour: str = "none"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REHEARSAL_SECRETS_DIR", str(tmp_path))
    return tmp_path


def test_a_file_stands_for_a_variable_of_its_name(folder: Path) -> None:
    (folder / "REHEARSAL_RESULTS_SERVICE_KEY").write_text("own key\n")
    (folder / "REHEARSAL_SERVICE_KEYS").write_text('{"communication": "public"}')
    settings = Settings()
    assert settings.service_key.get_secret_value() == "own key"
    assert settings.service_keys == {"communication": "public"}


def test_a_services_own_file_goes_before_that_of_all_services(folder: Path) -> None:
    (folder / "REHEARSAL_COLOUR").write_text("red")
    assert Settings().colour == "red"
    (folder / "REHEARSAL_RESULTS_COLOUR").write_text("blue")
    assert Settings().colour == "blue"


def test_variables_go_before_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "REHEARSAL_RESULTS_COLOUR").write_text("blue")
    monkeypatch.setenv("REHEARSAL_COLOUR", "green")
    assert Settings().colour == "green"


def test_a_key_that_a_file_of_endpoints_names_may_be_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert secret("PROVIDER_KEY") is None
    (folder / "PROVIDER_KEY").write_text("sk-file\n")
    assert secret("PROVIDER_KEY") == "sk-file"
    monkeypatch.setenv("PROVIDER_KEY", "sk-variable")
    assert secret("PROVIDER_KEY") == "sk-variable"


def test_messages_are_spread_over_as_many_streams_as_a_variable_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REHEARSAL_STREAM_SPREAD", "4")
    assert Settings().stream_spread == 4
    monkeypatch.setenv("REHEARSAL_STREAM_SPREAD", "5")
    with pytest.raises(ValueError, match="1, 4 or 16"):
        Settings()


def test_without_a_folder_only_variables_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REHEARSAL_SECRETS_DIR", raising=False)
    assert (Settings().colour, secret("PROVIDER_KEY")) == ("none", None)
