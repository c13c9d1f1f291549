"""What the children are told when they start."""

from uvicorn.main import main as uvicorn_command

from his.kit.config import Settings
from his.supervisor.main import plan


def test_web_processes_are_patient(tmp_path):
    settings = Settings(data_dir=tmp_path, demo=False)
    web = next(p for p in plan(settings, "postgresql://owner@/his") if p.name == "web")
    told = uvicorn_command.make_context("uvicorn", list(web.command[3:])).params
    assert told["timeout_keep_alive"] > 60, "proxies keep a connection for a minute"
    assert told["timeout_worker_healthcheck"] >= 30, "a busy process must not be taken for a dead one"
    assert 10 <= told["timeout_graceful_shutdown"] < web.patience <= 30, (
        "what is under way is finished, a stop has its end"
    )
