"""After a restore: what the database has forgotten is asked of the rail before anything more is paid out."""
