"""The repository of measures as a folder of static pages: no server, nothing fetched."""

from mismes_eval.report.site.build import Site, front_page, with_outside_evidence, write_site

__all__ = ["Site", "front_page", "with_outside_evidence", "write_site"]
