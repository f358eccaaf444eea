"""The people whose phones nobody plays: they answer their prompts after a moment, or let them expire."""

from simulator.standins import prompts
from simulator.standins.world import World


async def answer_forever(world: World) -> None:
    """Close every prompt in its time until the world stops."""
    while not world.is_stopping:
        for prompt in prompts.expired(world.book, world.now()):
            prompts.answer_prompt(world, prompt, "expire")
        if world.settings.auto_answer:
            _answer_prompts(world)
        await world.pulse.next(_seconds_to_wait(world))


def _answer_prompts(world: World) -> None:
    opened_before = world.now() - world.settings.auto_answer_seconds
    for prompt in prompts.unanswered(world.book, opened_before):
        prompts.answer_prompt(world, prompt, world.settings.auto_answer_with)


def _seconds_to_wait(world: World) -> float | None:
    times = [prompts.first_expiry(world.book)]
    opened_at = prompts.first_unanswered(world.book) if world.settings.auto_answer else None
    if opened_at is not None:
        times.append(opened_at + world.settings.auto_answer_seconds)
    known = [at for at in times if at is not None]
    return max(0.0, min(known) - world.now()) if known else None
