from euterpe_auth.storage.models import Base
from euterpe_service_kit.migrations import run_migrations

run_migrations(Base.metadata, schema="auth", url_variable="EUTERPE_AUTH_DATABASE_URL")
