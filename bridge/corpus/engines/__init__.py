"""What runs shard jobs: processes of this machine, or a Ray cluster."""
