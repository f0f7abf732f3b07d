from euterpe_generator.storage.models import Base
from euterpe_service_kit.migrations import run_migrations

run_migrations(Base.metadata, schema="generator", url_variable="EUTERPE_GENERATOR_DATABASE_URL")
