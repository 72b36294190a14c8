"""Runs Canaille, an OpenID provider, with a few people: `serve.py PORT REDIRECT_URI`.

Belongs to an environment of its own, see `tests/provider/process.py`. Everything is in memory.
"""

import datetime
import sys

PASSWORD = "correct horse battery staple"
PEOPLE = (
    ("nora", "nora@hospital.test", "hospital"),
    ("rita", "rita@hospital.test", "hospital"),
    ("eve", "nurse@hospital.test", "unverified"),
)
"""User name, e-mail address, organisation: only the hospital's addresses are verified."""
CLIENTS = ("holdfast", "not-named")
"""ID tokens for the second do not name it as their audience."""
SECRET = "a secret of the tests"
VERIFIED = "{% if user.organization == 'hospital' %}true{% else %}false{% endif %}"


def main(port: int, back: str) -> None:
    from canaille import create_app  # type: ignore[import-not-found]
    from canaille.app import models  # type: ignore[import-not-found]
    from canaille.backends import Backend  # type: ignore[import-not-found]
    from canaille.oidc.provider import AuthorizationCodeGrant  # type: ignore[import-not-found]
    from joserfc.jwk import RSAKey

    def own_code(grant: object, code: str, client: object) -> object:
        found = Backend.instance.query(models.AuthorizationCode, code=code)
        return next((one for one in found if one.code == code and one.client == client), None)

    # Asked for two things at once, its store in memory gives what fits one of them.
    AuthorizationCodeGrant.query_authorization_code = own_code
    key = RSAKey.generate_key(2048, private=True, auto_kid=True)
    app = create_app(
        {
            "SECRET_KEY": "x" * 32,
            "SERVER_NAME": f"127.0.0.1:{port}",
            "PREFERRED_URL_SCHEME": "http",
            "CANAILLE": {"DATABASE": "memory", "LOGGING": None},
            "CANAILLE_OIDC": {"ACTIVE_JWKS": [key.as_dict(private=True)]},
        }
    )
    # Its settings know no such claim; its claims do.
    app.config["CANAILLE_OIDC"]["USERINFO_MAPPING"]["EMAIL_VERIFIED"] = VERIFIED
    with app.app_context(), app.backend.session():
        for name, email, organization in PEOPLE:
            user = models.User(
                formatted_name=name.title(),
                family_name=name.title(),
                user_name=name,
                emails=[email],
                organization=organization,
                password=PASSWORD,
            )
            Backend.instance.save(user)
        for client_id in CLIENTS:
            client = models.Client(
                client_id=client_id,
                client_secret=SECRET,
                client_name=client_id,
                client_id_issued_at=datetime.datetime.now(datetime.UTC),
                # Of a trusted domain: it asks nobody for consent.
                client_uri="http://127.0.0.1",
                redirect_uris=[back],
                grant_types=["authorization_code"],
                response_types=["code"],
                scope=["openid", "email"],
                token_endpoint_auth_method="client_secret_basic",
            )
            Backend.instance.save(client)
            if client_id == "holdfast":
                client.audience = [client]
                Backend.instance.save(client)
    app.run(port=port, threaded=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
