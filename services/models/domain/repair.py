"""The one call that follows a reply which cannot be read: the model is shown what it wrote and what is wrong with it.

What it wrote is untrusted, like anything a model writes, and so is the problem, which quotes it: both stand in a data
block.
"""

from dataclasses import replace

from libs.contracts.turns import ChatMessage
from libs.minds.blocks import write_block
from services.models.domain.calls import Call

MAX_REPLY = 20_000
MORE_TOKENS = 2
REPAIR = (
    "The data block above holds what you answered and why it cannot be read. Give the same answer again as one "
    "complete JSON object of the form that was asked for, and nothing else. Change only what has to be changed."
)


def repair_of(call: Call, reply: str, problem: str, *, is_cut_off: bool) -> Call:
    """The call that asks for a reply once more; with room for twice as much when the reply was cut off."""
    block = write_block("reply", {"reply": reply[:MAX_REPLY], "problem": problem})
    sampling = call.sampling
    if is_cut_off and sampling.max_completion_tokens is not None:
        sampling = replace(sampling, max_completion_tokens=MORE_TOKENS * sampling.max_completion_tokens)
    return replace(
        call,
        messages=(*call.messages, ChatMessage(role="user", content=f"{block}\n{REPAIR}")),
        sampling=sampling,
        is_repair=True,
    )
