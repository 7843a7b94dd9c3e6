"""The one error a person at the keyboard can mend."""


class ToolkitError(Exception):
    """A sentence or two for the person at the keyboard: where, what was found, what was expected, what to do.

    `exit_code` is the status the command ends with: 2 usage or config, 3 nothing readable in the input,
    4 model and program do not fit.
    """

    def __init__(self, message: str, *, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code
