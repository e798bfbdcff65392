"""What people ask for, compiled into steps: surveys, messages, conversations, sequences.

Pure and without chance but for a seed: the same request in the same place of a simulation gives the same steps with the
same ids, which replay without model calls rests on.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from libs.contracts.dialogue import (
    DEFAULT_GROUP,
    BroadcastSpec,
    ChecksSpec,
    ConversationSpec,
    MessageSpec,
    SequenceSpec,
    TouchpointSpec,
)
from libs.contracts.ids import ONLY_ARM, derived_id
from libs.contracts.instruments import Instrument
from libs.contracts.protocol import (
    Audience,
    Condition,
    Conversation,
    ConversationKind,
    Correction,
    Step,
    Stimulus,
    StimulusKind,
)

Instruments = tuple[Instrument, ...]
Groups = dict[str, tuple[str, ...]]


TALK = "talk-"


def groups_begin_with(conversation_id: str) -> str:
    """How the ids of the groups of a conversation begin."""
    return f"group-{conversation_id.removeprefix(TALK)}-"


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a request stands in its simulation: the how-manieth it is, its first round, and what names its parts."""

    number: int
    first_round: int

    def step_id(self, step: int) -> str:
        """Id of a step (from 1), unique in the simulation."""
        return f"step-{self.number}-{step}"

    def group_id(self, group: int) -> str:
        """Id of a group (from 1), unique in the simulation."""
        return f"group-{self.number}-{group}"

    @property
    def conversation_id(self) -> str:
        """Id of its talk, unique in the simulation."""
        return f"{TALK}{self.number}"


@dataclass(frozen=True, slots=True)
class Protocol:
    """A request as the orchestrator runs it. `members` are all who can hear each other, by group, whoever acts."""

    steps: tuple[Step, ...]
    audiences: tuple[Audience, ...]
    rounds: int
    members: Groups = field(default_factory=dict)

    @property
    def recipients(self) -> int:
        """Agents who are addressed."""
        return len({agent for audience in self.audiences for group in audience.groups.values() for agent in group})


def broadcast(slot: Slot, spec: BroadcastSpec, instruments: Instruments, recipients: Sequence[str]) -> Protocol:
    """One step for everybody; they are one group when they hear each other."""
    group_id = slot.group_id(1) if spec.broadcast_if_no_target else ONLY_ARM
    groups = {group_id: tuple(recipients)}
    conversation = _conversation(slot, "open", sequential=False) if spec.broadcast_if_no_target else None
    stimulus = Stimulus(
        content=spec.content, channel=spec.channel, timing=spec.timing, kind=_kind(spec.kind), source=spec.source
    )
    step = _step(slot, 1, 1, stimulus, instruments, "everybody", conversation, spec, responds=spec.responds)
    members = groups if spec.broadcast_if_no_target else {}
    audience = Audience(audience_id=_audience_id(slot, "everybody"), groups=groups)
    return Protocol((step,), (audience,), 1, members)


def message(slot: Slot, spec: MessageSpec, instruments: Instruments, sender: str | None) -> Protocol:
    """One step for the one it is written to. `sender`: name of the agent who writes, None for a person outside."""
    group_id = slot.group_id(1)
    stimulus = Stimulus(
        content=spec.content,
        channel=spec.channel,
        timing=spec.timing,
        kind=_kind(spec.kind),
        source=sender or spec.source,
    )
    from_agent = spec.from_agent_id is not None
    conversation = _conversation(slot, "message", sequential=False) if from_agent else None
    step = _step(slot, 1, 1, stimulus, instruments, "recipient", conversation, spec, responds=spec.responds)
    audience = Audience(audience_id=_audience_id(slot, "recipient"), groups={group_id: (spec.to_agent_id,)})
    members: Groups = {group_id: (spec.to_agent_id, str(spec.from_agent_id))} if from_agent else {}
    return Protocol((step,), (audience,), 1, members)


def conversation(slot: Slot, spec: ConversationSpec, instruments: Instruments, groups: Groups) -> Protocol:
    """Rounds of talk in each group; then, each for themselves, the metrics."""
    if spec.interviewer_id is not None:
        return _interviews(slot, spec, instruments, groups, spec.interviewer_id)
    rules = _conversation(
        slot,
        spec.kind,
        sequential=spec.turn_taking == "sequential",
        broadcast_if_no_target=spec.broadcast_if_no_target,
        network=spec.network,
    )
    steps = [
        _step(slot, number, number, _prompt(spec, number), (), "participants", rules, spec)
        for number in range(1, spec.number_of_rounds + 1)
    ]
    steps += _questions(slot, len(steps) + 1, instruments, "participants", spec)
    audience = Audience(audience_id=_audience_id(slot, "participants"), groups=groups)
    return Protocol(tuple(steps), (audience,), len(steps), groups)


def sequence(
    slot: Slot, spec: SequenceSpec, instruments: Mapping[str, Instruments], recipients: Sequence[str]
) -> Protocol:
    """A step for each touchpoint; `instruments` by touchpoint."""
    steps, at = [], spec.starts_at
    step_ids = {touchpoint.name: slot.step_id(place) for place, touchpoint in enumerate(spec.touchpoints, start=1)}
    for place, touchpoint in enumerate(spec.touchpoints, start=1):
        at += touchpoint.after
        asked = instruments[touchpoint.name]
        contact, responds = _contact(touchpoint), touchpoint.responds
        step = _step(slot, place, place, contact, asked, "everybody", None, spec, responds=responds)
        steps.append(
            step.model_copy(
                update={"name": touchpoint.name, "simulated_at": at, "condition": _condition(touchpoint, step_ids)}
            ),
        )
    audience = Audience(audience_id=_audience_id(slot, "everybody"), groups={ONLY_ARM: tuple(recipients)})
    return Protocol(tuple(steps), (audience,), len(steps))


def grouped(slot: Slot, spec: ConversationSpec, candidates: Sequence[str], seed: int) -> Groups:
    """Who talks with whom: those who are listed, or a seeded draw, in groups as even as can be, each interviewee alone.

    The draw depends on the seed and the candidates only, not on the order in which groups are filled.
    """
    if spec.agent_ids:
        chosen = list(spec.agent_ids)
    else:
        wanted = spec.groups * (1 if spec.kind == "interview" else spec.group_size or DEFAULT_GROUP)
        generator = random.Random(str(derived_id("conversation", seed, slot.number)))  # noqa: S311 - not a secret
        pool = [agent_id for agent_id in candidates if agent_id != spec.interviewer_id]
        chosen = generator.sample(pool, min(wanted, len(pool)))
    count = len(chosen) if spec.kind == "interview" else min(spec.groups, len(chosen))
    parts = [chosen[start::count] for start in range(count)]
    return {slot.group_id(number): tuple(part) for number, part in enumerate(parts, start=1)}


def _interviews(
    slot: Slot, spec: ConversationSpec, instruments: Instruments, groups: Groups, interviewer: str
) -> Protocol:
    """One interview after the other: the interviewer asks, the other answers, round by round; then the metrics."""
    rules = _conversation(slot, "interview", sequential=False)
    steps: list[Step] = []
    audiences: list[Audience] = []
    members: Groups = {}
    for number, (group_id, respondents) in enumerate(groups.items(), start=1):
        asking, asked = f"interviewer-{number}", f"respondent-{number}"
        audiences.append(Audience(audience_id=_audience_id(slot, asking), groups={group_id: (interviewer,)}))
        audiences.append(Audience(audience_id=_audience_id(slot, asked), groups={group_id: respondents}))
        members[group_id] = (interviewer, *respondents)
        for turn in range(1, spec.number_of_rounds + 1):
            guide = _guide(spec, turn)
            steps.append(_step(slot, len(steps) + 1, turn, guide, (), asking, rules, spec))
            steps.append(_step(slot, len(steps) + 1, turn, None, (), asked, rules, spec))
        steps += _questions(slot, len(steps) + 1, instruments, asked, spec)
    rounds = spec.number_of_rounds + bool(instruments)
    return Protocol(tuple(steps), tuple(audiences), rounds, members)


def _prompt(spec: ConversationSpec, number: int) -> Stimulus | None:
    """What the moderator says at the beginning of a round: the topic, then the prompts, then nothing more."""
    said = spec.prompts[number - 1] if number <= len(spec.prompts) else ""
    text = "\n\n".join(part for part in (spec.topic if number == 1 else "", said) if part)
    if not text:
        return None
    return Stimulus(content=text, channel=spec.channel, timing="immediate", source=spec.moderator)


def _guide(spec: ConversationSpec, number: int) -> Stimulus:
    """What an interviewer wants to find out in a round."""
    said = spec.prompts[number - 1] if number <= len(spec.prompts) else ""
    text = "\n\n".join(part for part in (spec.topic, said) if part)
    return Stimulus(content=text, channel=spec.channel, timing="immediate", kind=StimulusKind.GOAL)


def _questions(slot: Slot, number: int, instruments: Instruments, audience: str, spec: ConversationSpec) -> list[Step]:
    """The metrics, in a round of their own after the talk."""
    after = spec.number_of_rounds + 1
    return [_step(slot, number, after, None, instruments, audience, None, spec)] if instruments else []


def _contact(touchpoint: TouchpointSpec) -> Stimulus | None:
    if touchpoint.content is None:
        return None
    return Stimulus(
        content=touchpoint.content,
        channel=touchpoint.channel or "",
        timing=touchpoint.timing,
        kind=_kind(touchpoint.kind),
        source=touchpoint.source,
    )


def _condition(touchpoint: TouchpointSpec, step_ids: Mapping[str, str]) -> Condition | None:
    asked = touchpoint.condition
    if asked is None:
        return None
    return asked.compiled(None if asked.touchpoint is None else step_ids[asked.touchpoint])


def _step(
    slot: Slot,
    number: int,
    round_number: int,
    stimulus: Stimulus | None,
    instruments: Instruments,
    audience: str,
    conversation: Conversation | None,
    spec: BroadcastSpec | MessageSpec | ConversationSpec | SequenceSpec,
    *,
    responds: bool = True,
) -> Step:
    return Step(
        kind="measure" if stimulus is None and conversation is None else "deliver",
        step_id=slot.step_id(number),
        round=slot.first_round + round_number - 1,
        stimuli={} if stimulus is None else {ONLY_ARM: stimulus},
        instruments=instruments,
        audience_id=_audience_id(slot, audience),
        conversation=conversation,
        tools=tuple(spec.tools) or None,
        correction=_correction(spec.correction),
        responds=None if responds else False,
    )


def _conversation(
    slot: Slot, kind: ConversationKind, *, sequential: bool, broadcast_if_no_target: bool = True, network: bool = False
) -> Conversation:
    return Conversation(
        conversation_id=slot.conversation_id,
        kind=kind,
        broadcast_if_no_target=broadcast_if_no_target,
        turn_taking="sequential" if sequential else "simultaneous",
        network=network,
    )


def _correction(checks: ChecksSpec | None) -> Correction | None:
    if checks is None:
        return None
    return Correction(checks=tuple(checks.checks), threshold=checks.threshold, attempts=checks.attempts)


def _kind(kind: StimulusKind) -> StimulusKind | None:
    return None if kind is StimulusKind.CONVERSATION else kind


def _audience_id(slot: Slot, name: str) -> str:
    return f"{name}-{slot.number}"
