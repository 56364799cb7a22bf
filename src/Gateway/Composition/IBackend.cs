using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using ProtoBridgeMQ.Bridge;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>What is behind the fronts: the embedded broker and name server, an existing cluster, or what a test brings.</summary>
internal interface IBackend
{
    /// <summary>Registers its parts.</summary>
    void Add(IServiceCollection services, IConfiguration configuration);

    /// <summary>Gives its parts their endpoints.</summary>
    void Listen(KestrelServerOptions kestrel, IPAddress address, Listeners listeners);

    /// <summary>Opens the bridge; fronts are made after that.</summary>
    ValueTask<IMessageBridge> OpenAsync(IServiceProvider services, CancellationToken cancellationToken);

    /// <summary>Complete when clients find what was started.</summary>
    Task WaitUntilReadyAsync(IServiceProvider services, CancellationToken cancellationToken);
}
