using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace ProtoBridgeMQ.Sockets;

/// <summary>Accepts connections and deals them out to the loops.</summary>
internal sealed class LoopListener(Socket socket, EventLoop[] loops, LoopOptions options, TimeProvider time, ILogger logger) : IConnectionListener
{
    private static readonly TimeSpan PauseWithoutHandles = TimeSpan.FromMilliseconds(100);
    private static long _connections;

    public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                return Begin(await socket.AcceptAsync(cancellationToken));
            }
            catch (ObjectDisposedException)
            {
                return null;
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.OperationAborted)
            {
                return null;
            }
            catch (Exception error) when (error is SocketException or IOException)
            {
                // The peer went before it was accepted, or there are no file handles for the moment.
                LoopMetrics.AcceptFailures.Add(1);
                LoopLog.NotAccepted(logger, error.Message);
                await Task.Delay(PauseWithoutHandles, time, cancellationToken);
            }
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        socket.Dispose();
        return default;
    }

    public ValueTask DisposeAsync() => UnbindAsync();

    private LoopConnection Begin(Socket accepted)
    {
        try
        {
            accepted.NoDelay = true;
            accepted.Blocking = false;
            var number = Interlocked.Increment(ref _connections);
            var connection = new LoopConnection(loops[number % loops.Length], accepted, options, $"L{number:x}");
            connection.Start();
            LoopMetrics.Accepted.Add(1);
            return connection;
        }
        catch
        {
            accepted.Dispose();
            throw;
        }
    }
}
