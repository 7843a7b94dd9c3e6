"""The report: one HTML file that answers in a minute what a corpus says, and proves it. It knows no model."""

from toolkit.report.page import Report, make_report
from toolkit.report.size import STANDARD, Size, find_size

__all__ = ["STANDARD", "Report", "Size", "find_size", "make_report"]
