using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>Connects to name servers and brokers: one connection per address ("host:port"), made when first needed and again when lost.</summary>
public sealed class RemotingClient : IAsyncDisposable
{
    /// <summary>Makes a client; <paramref name="routes"/> serve the requests that servers send to it.</summary>
    public RemotingClient(
        RemotingClientOptions options, TimeProvider time, ILogger logger, RequestRoutes? routes = null, IConnectionObserver? observer = null)
    {
    }

    /// <summary>The live connection to an address, made if there is none.</summary>
    /// <exception cref="RemotingConnectionException">It cannot be reached, or was not a moment ago.</exception>
    public ValueTask<RemotingConnection> ConnectAsync(string address, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    /// <summary>Sends a request to an address and waits for its answer, which the caller disposes. The timeout covers connecting too.</summary>
    public ValueTask<RemotingResponse> InvokeAsync<THeader>(
        string address, int code, THeader header, ReadOnlyMemory<byte> body, TimeSpan timeout, CancellationToken cancellationToken = default)
        where THeader : struct, IHeaderWriter => throw new NotSupportedException();

    /// <summary>Sends a request that gets no answer.</summary>
    public ValueTask SendOneWayAsync<THeader>(
        string address, int code, THeader header, ReadOnlyMemory<byte> body = default, CancellationToken cancellationToken = default)
        where THeader : struct, IHeaderWriter => throw new NotSupportedException();

    /// <summary>Closes all connections.</summary>
    public ValueTask DisposeAsync() => default;
}
