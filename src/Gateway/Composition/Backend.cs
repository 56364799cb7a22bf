using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using ProtoBridgeMQ.Bridge;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>What is behind the fronts: the embedded broker and name server, an existing cluster, or what a test brings.</summary>
internal static class Backend
{
    public static void Add(IServiceCollection services, GatewayOptions options, GatewaySetup setup)
    {
        if (setup.Bridge is not null)
        {
            // The test owns it: an instance is not disposed by the container.
            services.AddSingleton(setup.Bridge);
            return;
        }

        throw new GatewayStartException(GatewayStartException.Failed, "There is no bridge.");
    }

    public static void Listen(KestrelServerOptions kestrel, IPAddress address, GatewayOptions options, Listeners listeners)
    {
    }

    public static Task OpenAsync(IServiceProvider services, CancellationToken cancellationToken) => Task.CompletedTask;

    public static Task WaitUntilRegisteredAsync(IServiceProvider services, CancellationToken cancellationToken) => Task.CompletedTask;
}
