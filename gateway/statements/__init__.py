"""The organisation's M-PESA statements, read: CSV, workbook or PDF in, rows out. Pure but for the file itself."""
