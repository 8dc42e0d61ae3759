"""The parts of a report: headline, thread text, failure, protocol, tables and script."""
