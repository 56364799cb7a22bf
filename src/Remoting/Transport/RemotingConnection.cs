using System.IO.Pipelines;
using System.Net;
using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Remoting.Transport;

/// <summary>One remoting connection, either end: cuts frames, hands requests to handlers, matches answers to own requests.</summary>
public sealed class RemotingConnection
{
    /// <summary>Makes a connection over two pipes; it works while <see cref="RunAsync"/> runs.</summary>
    public RemotingConnection(
        IDuplexPipe transport,
        RequestRoutes routes,
        RemotingOptions options,
        TimeProvider time,
        ILogger logger,
        EndPoint? remoteEndPoint = null,
        EndPoint? localEndPoint = null,
        IConnectionObserver? observer = null)
    {
        RemoteEndPoint = remoteEndPoint;
        LocalEndPoint = localEndPoint;
    }

    /// <summary>The peer's address, if it has one.</summary>
    public EndPoint? RemoteEndPoint { get; }

    /// <summary>Our address on this connection, if it has one.</summary>
    public EndPoint? LocalEndPoint { get; }

    /// <summary>Cancelled when the connection has ended.</summary>
    public CancellationToken Closed => default;

    /// <summary>For the owner of the routes: what it knows of this peer (a client id, a broker's address).</summary>
    public object? State { get; set; }

    /// <summary>Reads until the peer closes, the protocol is broken, a limit is exceeded or the token is cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Ends the connection now.</summary>
    public void Abort(string reason) => throw new NotSupportedException();

    /// <summary>Sends a request and waits for its answer, which the caller disposes.</summary>
    /// <exception cref="RemotingTimeoutException">No answer in time.</exception>
    /// <exception cref="RemotingConnectionException">The connection is closed.</exception>
    /// <exception cref="RemotingOverloadException">Too many requests wait already.</exception>
    public ValueTask<RemotingResponse> InvokeAsync<THeader>(
        int code, in THeader header, ReadOnlyMemory<byte> body, TimeSpan timeout, CancellationToken cancellationToken = default)
        where THeader : struct, IHeaderWriter => throw new NotSupportedException();

    /// <summary>Sends a request that gets no answer.</summary>
    /// <returns>False when the connection is closed or its output is full: then nothing was sent.</returns>
    public bool TrySendOneWay<THeader>(int code, in THeader header, ReadOnlyMemory<byte> body = default)
        where THeader : struct, IHeaderWriter => throw new NotSupportedException();
}
