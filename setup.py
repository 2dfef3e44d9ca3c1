"""Puts the notebooks of the checkout into the package of a wheel, so that `mismes new` finds them there. All else stands in pyproject.toml."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SOURCE, PLACE = "notebooks", "mismes_eval/notebooks"


class WithNotebooks(build_py):
    """The package's modules and data, then the notebooks; nothing is copied into a checkout that is installed for editing."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for source, target in self._notebooks():
                self.mkpath(str(target.parent))
                self.copy_file(str(source), str(target))

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        return [
            *super().get_outputs(include_bytecode),
            *(str(target) for _, target in self._notebooks()),
        ]

    def _notebooks(self) -> list[tuple[Path, Path]]:
        return [
            (p, Path(self.build_lib) / PLACE / p.name) for p in sorted(Path(SOURCE).glob("*.ipynb"))
        ]


setup(cmdclass={"build_py": WithNotebooks})
