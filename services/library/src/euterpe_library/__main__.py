"""`python -m euterpe_library` serves."""

from euterpe_service_kit.serve import serve

from euterpe_library.app import create_app
from euterpe_library.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    serve(create_app(settings), settings)
