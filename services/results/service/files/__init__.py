"""Results as files that need a library to be written: workbook, Parquet, PDF. Each is loaded when it is asked for."""
