"""The console's benchmark runs: small, on real terminals, so that it cannot rot."""

from benchmarks import console


async def test_every_key_is_answered_on_every_terminal() -> None:
    plan = console.Plan(products=300, rows_per_s=500, keys=5, rounds=1)
    found = await console.run(plan)
    assert set(found.runs) == {"80x24", "200x60"}
    for [waits] in found.runs.values():
        assert 0 < waits.p50_ms <= waits.p99_ms <= waits.max_ms
        assert waits.bytes_per_s > 0
        assert waits.changes_per_s > 0
    [table] = console.tables(found)
    assert [row[0] for row in table.rows] == ["80x24", "200x60"]
