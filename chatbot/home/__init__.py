"""What the machine says: environment, .env, settings.toml, keys and folders. The only reader of os.environ."""
