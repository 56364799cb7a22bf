using Microsoft.AspNetCore.Connections;

namespace ProtoBridgeMQ.Gateway.Http.Session;

/// <summary>Closes connections beyond the limit of this front; the server's own limit would count other protocols too.</summary>
internal sealed class ConnectionLimit(long max)
{
    private long _open;

    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        try
        {
            if (Interlocked.Increment(ref _open) > max)
                connection.Abort();
            else
                await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }
}
