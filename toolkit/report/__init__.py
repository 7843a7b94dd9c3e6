"""The report: one HTML file that answers in a minute what a corpus says, and proves it. It knows no model."""

from toolkit.report.page import render_report

__all__ = ["render_report"]
