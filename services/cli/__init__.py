"""The `rehearsal` command: a user of libs.client and nothing else; only `up` starts services.embedded."""
