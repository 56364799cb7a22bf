using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Connections;

/// <summary>The name servers: one is asked until it fails, then the next.</summary>
internal sealed class NameServers(string[] addresses, RemoteCalls calls, TimeSpan timeout, ILogger log)
{
    private int _current;

    /// <summary>The answer of the first name server that answers; the caller disposes it.</summary>
    /// <exception cref="ProtoBridgeMqException">None answered.</exception>
    public async ValueTask<RemotingResponse> InvokeAsync<THeader>(
        int code, THeader header, string what, CancellationToken cancellationToken)
        where THeader : struct, IHeaderWriter
    {
        int first = Volatile.Read(ref _current);
        for (int i = 0; ; i++)
        {
            int index = (first + i) % addresses.Length;
            try
            {
                RemotingResponse response = await calls
                    .InvokeAsync(addresses[index], code, header, default, timeout, what, cancellationToken)
                    .ConfigureAwait(false);
                Volatile.Write(ref _current, index);
                return response;
            }
            catch (ProtoBridgeMqException error) when (i + 1 < addresses.Length)
            {
                log.NameServerFailed(addresses[index], error.Message);
            }
        }
    }
}
