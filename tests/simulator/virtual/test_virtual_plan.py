"""What a simulation will do, from its seed."""

from dataclasses import replace

from simulator.virtual.plan import DAY_MS, drawn


class TestDrawn:
    def test_a_seed_is_a_plan(self) -> None:
        """The same one always, and another one for another seed."""
        assert drawn(7, 30, 5, 1.0) == drawn(7, 30, 5, 1.0)
        assert drawn(7, 30, 5, 1.0) != drawn(8, 30, 5, 1.0)

    def test_everybody_dials_within_the_days_in_order(self) -> None:
        """As often as was asked for."""
        plan = drawn(7, 30, 5, 2.0)

        moments = [act.at for act in plan.acts]
        assert len(plan.acts) == 30 * 5 * 2
        assert moments == sorted(moments)
        assert plan.start - DAY_MS < moments[0]
        assert moments[-1] < plan.end
        assert {act.phone for act in plan.acts} == {person.phone for person in plan.people}

    def test_leaving_a_call_out_changes_the_chance_of_no_other(self) -> None:
        """Streams are drawn by name."""
        plan = drawn(7, 30, 5, 1.0)
        fewer = replace(plan, acts=plan.acts[10:])

        assert plan.chance("act", 20).random() == fewer.chance("act", 20).random()
