# SPDX-License-Identifier: Apache-2.0
"""Makes any Python callable a candidate that Assay can certify.

    import assay

    @assay.candidate("loss/info_nce", outputs=["row_loss", "loss"])
    def info_nce(a, b, temperature, directions):
        ...
        return {"row_loss": row_loss, "loss": loss}

    assay.serve()

or, for a callable that exists already, ``assay.run(info_nce, "loss/info_nce", outputs=[...])``. The
script is then certified with ``assay certify loss/info_nce -- python3 script.py``.
"""
from .candidates import Candidate, Unsupported, candidate
from .loop import run, serve

__all__ = ["Candidate", "Unsupported", "candidate", "run", "serve"]
__version__ = "0.1.0"
