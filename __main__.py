"""One stack's front door: the stack file in, working URLs out."""

from pathlib import Path

import pulumi
from pulumi.runtime.config import get_config_env, get_config_secret_keys_env

from components.settings import SettingsError, load, warnings


def main() -> None:
    """Reads and checks the stack file, then creates everything; a wrong stack file creates nothing."""
    root, stack = Path(__file__).parent, pulumi.get_stack()
    try:
        settings = load(get_config_env(), stack=stack, root=root, secret_keys=get_config_secret_keys_env())
        # Only a stack file that is right is worth the seconds that a cloud's SDK takes to import.
        from components.clouds import open_provider
        from components.cluster import open_cluster, read_kubeconfig
        from components.front_door import FrontDoor
        from components.preflight import check

        provider = open_provider(settings)
        kubeconfig = read_kubeconfig(settings, root, provider)
        if settings.preflight and (problems := check(settings, kubeconfig, provider)):
            raise SettingsError(problems)
    except SettingsError as error:
        raise pulumi.RunError(error.report(f"Pulumi.{stack}.yaml")) from None

    for warning in warnings(settings):
        pulumi.log.warn(warning)
    cluster = open_cluster(kubeconfig)
    providers = [cluster.provider, *([provider] if provider else [])]
    door = FrontDoor("front-door", settings, cluster, pulumi.ResourceOptions(providers=providers))
    for name, value in door.outputs.items():
        pulumi.export(name, value)


main()
