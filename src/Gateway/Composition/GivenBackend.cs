using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using ProtoBridgeMQ.Bridge;

namespace ProtoBridgeMQ.Gateway.Composition;

/// <summary>A bridge that whoever starts the host brings along, and keeps.</summary>
internal sealed class GivenBackend(IMessageBridge bridge) : IBackend
{
    public void Add(IServiceCollection services, IConfiguration configuration)
    {
    }

    public void Listen(KestrelServerOptions kestrel, IPAddress address, Listeners listeners)
    {
    }

    public ValueTask<IMessageBridge> OpenAsync(IServiceProvider services, CancellationToken cancellationToken) => ValueTask.FromResult(bridge);

    public Task WaitUntilReadyAsync(IServiceProvider services, CancellationToken cancellationToken) => Task.CompletedTask;
}
