"""The outside world of files: inputs to records, results to tables and back, labels, atomic publishing."""

from toolkit.files.feedback import is_feedback, read_feedback
from toolkit.files.inputs import FORMATS, Source, Sources, expand_inputs, stdin_source
from toolkit.files.labels import read_labels
from toolkit.files.publish import atomic_file, atomic_write_bytes, sweep_temporary
from toolkit.files.read import read_records
from toolkit.files.results import EXPLANATIONS, TOPIC_CARDS, TOPIC_EVIDENCE, TOPIC_TREE, read_results
from toolkit.files.rows import ReadStats
from toolkit.files.stored import ParquetRows
from toolkit.files.tables import (
    TABLE_FORMATS,
    TOPIC_MAP,
    TOPIC_SHARES,
    article_columns,
    merge_extra_columns,
    segment_columns,
    write_map,
    write_shares,
    write_tables,
    write_topics,
)

__all__ = [
    "EXPLANATIONS",
    "FORMATS",
    "TABLE_FORMATS",
    "TOPIC_CARDS",
    "TOPIC_EVIDENCE",
    "TOPIC_MAP",
    "TOPIC_SHARES",
    "TOPIC_TREE",
    "ParquetRows",
    "ReadStats",
    "Source",
    "Sources",
    "article_columns",
    "atomic_file",
    "atomic_write_bytes",
    "expand_inputs",
    "is_feedback",
    "merge_extra_columns",
    "read_feedback",
    "read_labels",
    "read_records",
    "read_results",
    "segment_columns",
    "stdin_source",
    "sweep_temporary",
    "write_map",
    "write_shares",
    "write_tables",
    "write_topics",
]
