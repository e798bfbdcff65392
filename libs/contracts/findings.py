"""Findings as people read them. The values of the API stay `higher` and `lower`; of a mean rank lower is better."""

from libs.contracts.names import in_words

CLEAR = ("higher", "lower")


def finding_in_words(measure: str, finding: str) -> str:
    """`higher`, `no clear difference`; of a mean rank, where 1 is the best place, `ranked better` or `ranked worse`."""
    if measure == "mean_rank" and finding in CLEAR:
        return "ranked better" if finding == "lower" else "ranked worse"
    return in_words(finding)
