"""The command `holdfast`: one line a subcommand, each imported only when it is called."""

from importlib import import_module
from typing import Final

import click

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    # name: (module:command, what it does)
    "judge": ("services.cli.judge:judge_command", "Judge a screening form; needs no server."),
    "protocol": ("services.cli.protocol:protocol", "Check, show or adopt a protocol."),
    "rehearse": ("services.cli.rehearse:rehearse_command", "Run commands without any server."),
    "simulate": ("services.cli.simulate:simulate_command", "Compare designs by simulated trials."),
    "demo": ("services.cli.demo:demo", "Tell the story of a whole trial to the service."),
    "up": ("services.cli.stack:up", "Start Kafka, Redis, worker and web on this machine."),
    "down": ("services.cli.stack:down", "Stop them; the data stay."),
    "doctor": ("services.cli.stack:doctor", "Say what is there, what is not, and its mend."),
    "stack": ("services.cli.stack:stack", "Fetch Kafka, print a token of the local stack."),
    "accounts": ("services.cli.accounts:accounts", "Open accounts, grant and revoke rights."),
    "topics": ("services.cli.topics:topics", "Make and check the topics."),
    "parked": ("services.cli.parked:parked", "List, show and retry what was set aside."),
    "unhalt": ("services.cli.unhalt:unhalt", "Let a halted trial go on, its order kept."),
    "rebuild": ("services.cli.rebuild:rebuild", "Build the read side anew from trial.log."),
    "export": ("services.cli.export:export_command", "Write a trial's log to a file."),
    "verify": ("services.cli.verify:verify_command", "Check an export; needs no server."),
    "why": ("services.cli.why:why", "Tell why a subject stands where it does."),
    "restore": ("services.cli.restore:restore_command", "Bring an export back into Kafka."),
    "schemas": ("services.cli.schemas:schemas", "Write or check schemas and the catalogue."),
}


class Lazy(click.Group):
    """Lists every subcommand, and imports one only to run it or to show its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in COMMANDS.items()])


@click.group(cls=Lazy)
def main() -> None:
    """Holdfast: eligibility, cohort slots and signed reviews of a Phase I/II trial."""
    if not __debug__:
        raise SystemExit("Run without -O: the safety checks are assertions.")


if __name__ == "__main__":
    main()
