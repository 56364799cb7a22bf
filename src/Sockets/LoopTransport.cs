using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ProtoBridgeMQ.Sockets;

/// <summary>
/// A transport of Kestrel for <see cref="LoopEndPoint"/>: one thread waits for readiness, reads, runs the protocol and
/// writes, with no hand-off in between. Other addresses, and other systems than Linux, are Kestrel's own sockets' matter.
/// </summary>
public sealed class LoopTransport : IConnectionListenerFactory, IConnectionListenerFactorySelector, IDisposable
{
    private readonly LoopOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<LoopTransport> _logger;
    private readonly Lazy<EventLoop[]> _loops;

    /// <summary>Made by the host; its threads start with the first listener.</summary>
    public LoopTransport(IOptions<LoopOptions> options, TimeProvider time, ILogger<LoopTransport> logger)
    {
        _options = options.Value;
        _time = time;
        _logger = logger;
        _loops = new(StartLoops);
    }

    /// <summary>Adds the transport to a host with Kestrel; call it after Kestrel's sockets are configured.</summary>
    public static IServiceCollection AddTo(IServiceCollection services, Action<LoopOptions>? configure = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<LoopOptions>().Configure(options => configure?.Invoke(options)).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConnectionListenerFactory, LoopTransport>());
        return services;
    }

    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => Epoll.IsSupported && endpoint is LoopEndPoint;

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        Socket socket;
        try
        {
            socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw new AddressInUseException(error.Message, error);
        }

        socket.Listen(_options.Backlog);
        return new(new LoopListener(socket, _loops.Value, _options, (endpoint as LoopEndPoint)?.Serve, _time, _logger));
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        if (!_loops.IsValueCreated)
            return;
        foreach (var loop in _loops.Value)
            loop.Dispose();
    }

    private EventLoop[] StartLoops()
    {
        var count = _options.Loops > 0 ? _options.Loops : Math.Max(1, Environment.ProcessorCount / 2);
        return [.. Enumerable.Range(0, count).Select(number => new EventLoop(number, _logger))];
    }
}
