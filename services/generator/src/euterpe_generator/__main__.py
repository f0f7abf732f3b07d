"""`python -m euterpe_generator`."""

from euterpe_service_kit.serve import serve

from euterpe_generator.app import create_app
from euterpe_generator.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    serve(create_app(settings), settings)
