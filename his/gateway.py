"""The command `his gateway`: the stand-in of the insurance authority's gateway, on loopback only."""

from typing import Annotated

import typer
import uvicorn

from his.kit import logs
from his.kit.config import get_settings
from his.standin.faults import Fault, FaultPlan
from his.standin.ledger import Ledger
from his.standin.server import StandIn


def register(app: typer.Typer) -> None:
    """Add the command `his gateway`."""

    @app.command()
    def gateway(
        faults: Annotated[float, typer.Option(help="Share of each fault, 0 to 0.07.")] = 0.0,
        seed: Annotated[int, typer.Option(help="Seed of the faults.")] = 0,
    ) -> None:
        """Run the stand-in of the insurer's gateway."""
        settings = get_settings()
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        rates: dict[Fault, float] = {fault: faults for fault in Fault if fault is not Fault.NONE} if faults else {}
        stand_in = StandIn(settings.data_dir, Ledger(settings.data_dir / "gateway.sqlite"), FaultPlan(rates, seed=seed))
        logs.configure(settings.log_level)
        uvicorn.run(stand_in.app, host="127.0.0.1", port=settings.gateway_port, log_config=None, access_log=False)
