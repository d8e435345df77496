"""Every error Tricite raises on purpose.

TriciteError                 a clear one-line message: what came, what was wanted, what to do
├── UnreadableSource         a file that cannot become a document (empty, encrypted, scanned, ...)
├── InvalidRequest           a question or an option that cannot be served
├── IndexProblem             an index folder that cannot be used
│   ├── IndexMissing         there is none at that path
│   ├── IndexMismatch        it was built with another model, splitter or analyzer
│   ├── IndexDamaged         a file's checksum does not match the manifest
│   └── IndexLocked          another process is writing
├── ModelProblem             a model that cannot be loaded or written
├── GeneratorFailed          a generator that timed out or broke; the evidence is still shown
├── ServerBusy               the line of waiting questions is full
├── DatasetProblem           an evaluation set that cannot be read
└── MissingExtra             an optional part is not installed; carries the install line
"""


class TriciteError(Exception):
    """Base of the tree; str(error) is one line, fit to show a user."""


class UnreadableSource(TriciteError):
    pass


class InvalidRequest(TriciteError):
    pass


class IndexProblem(TriciteError):
    pass


class IndexMissing(IndexProblem):
    pass


class IndexMismatch(IndexProblem):
    pass


class IndexDamaged(IndexProblem):
    pass


class IndexLocked(IndexProblem):
    pass


class ModelProblem(TriciteError):
    pass


class GeneratorFailed(TriciteError):
    pass


class ServerBusy(TriciteError):
    pass


class DatasetProblem(TriciteError):
    pass


class MissingExtra(TriciteError):
    pass
