"""The house keeps its shape: who may import whom, and who may speak to Redis and SQL."""

import ast
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parent.parent
OUTSIDE = {
    "redis": {
        "gateway/sessions.py",
        "gateway/coalescer.py",
        "gateway/rails/bucket.py",
        "gateway/rails/token_shelf.py",
        "gateway/rails/witness.py",
        "gateway/embedded",
    },
    "requests": {"gateway/providers"},
    "africastalking": {"gateway/providers"},
    "argon2": {"gateway/pins.py"},
    "alembic": {"gateway/store"},
    "aiosmtplib": {"gateway/mail.py"},
}
"""Each foreign library that reaches outside, and the only places that import it."""


def imported(path: Path) -> set[str]:
    """The top-level packages a file imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level]
    return {name.split(".")[0] for name in names}


class TestLayers:
    """`menus <- flows <- gateway`, and the simulator outside."""

    def test_imports_go_one_way(self) -> None:
        """The contracts of pyproject.toml hold."""
        assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0

    @pytest.mark.parametrize("package", OUTSIDE)
    def test_one_place_speaks_to_each_part_of_the_outside(self, package: str) -> None:
        """Found by reading every file of the gateway."""
        users = {str(path.relative_to(ROOT)) for path in (ROOT / "gateway").rglob("*.py") if package in imported(path)}

        assert users, f"nobody imports {package}: drop it here"
        assert all(any(user.startswith(place) for place in OUTSIDE[package]) for user in users), users

    def test_only_what_stores_speaks_sql(self) -> None:
        """Others hand the connection of their unit of work on, and no more."""
        speakers = {
            str(path.relative_to(ROOT))
            for path in (ROOT / "gateway").rglob("*.py")
            if any(
                f"sqlalchemy import {word}" in path.read_text(encoding="utf-8")
                for word in ("insert", "select", "update")
            )
        }

        stores = (
            "gateway/store",
            "gateway/books",
            "gateway/operations",
            "gateway/orders",
            "gateway/accounts",
            "gateway/approvals",
            "gateway/audit",
            "gateway/borrowing",
            "gateway/campaigns",
            "gateway/desk",
            "gateway/explain",
            "gateway/papers",
            "gateway/payouts",
            "gateway/peers",
            "gateway/wallet",
            "gateway/lending/past.py",
            "gateway/lending/portfolio.py",
            "gateway/loanbook",
            "gateway/rails/breakers.py",
            "gateway/rails/pauses.py",
            "gateway/rails/requests.py",
            "gateway/reconciling",
            "gateway/restoring/records.py",
            "gateway/savings",
            "gateway/schedules",
            "gateway/servicing",
            "gateway/suspense",
            "gateway/texting",
            "gateway/mirror",
            "gateway/ledgers/embedded.py",
        )
        assert all(speaker.startswith(stores) for speaker in speakers), speakers
