using Microsoft.Extensions.Logging;
using ProtoBridgeMQ.Client.Diagnostics;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Connections;

/// <summary>The name servers: one is asked until it fails, then the next.</summary>
/// <remarks>
/// Each has its own memory, and one that has just started knows less than the others: an answer that says "unknown" is believed when no other
/// name server knows better. Questions change nothing, so their failures never say that something may have happened.
/// </remarks>
internal sealed class NameServers(string[] addresses, RemoteCalls calls, TimeSpan timeout, ILogger log)
{
    private readonly string _all = string.Join(';', addresses);
    private int _current;

    /// <summary>Asks until one knows; null when those that answered do not know.</summary>
    /// <param name="code">The request.</param>
    /// <param name="header">Its fields.</param>
    /// <param name="what">The request, as the subject of a sentence.</param>
    /// <param name="read">Reads a successful answer; null is "unknown".</param>
    /// <param name="unknown">The response code that is "unknown" too.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ProtoBridgeMqException">None gave an answer that can be used.</exception>
    public async ValueTask<T?> AskAsync<THeader, T>(
        int code, THeader header, string what, Func<RemotingResponse, T?> read, int unknown, CancellationToken cancellationToken)
        where THeader : struct, IHeaderWriter
        where T : class
    {
        int first = Volatile.Read(ref _current);
        bool answered = false;
        var failures = new ProtoBridgeMqException?[addresses.Length];
        for (int i = 0; i < addresses.Length * 2 && !(answered && i >= addresses.Length); i++)
        {
            int index = (first + i) % addresses.Length;
            bool again = i >= addresses.Length;
            if (again && failures[index] is not ClusterUnreachableException { MayHaveHappened: false })
            {
                continue;
            }

            try
            {
                // Once more those that could not be reached, also when they are left alone for a while: one may be back.
                T? found = await AskOneAsync(addresses[index], code, header, what, read, unknown, urgent: again, cancellationToken).ConfigureAwait(false);
                if (found is not null || !answered)
                {
                    Volatile.Write(ref _current, index);
                }

                if (found is not null)
                {
                    return found;
                }

                answered = true;
            }
            catch (ProtoBridgeMqException error)
            {
                failures[index] = error;
                log.NameServerFailed(addresses[index], error.Message);
            }
        }

        return answered ? null : throw None(what, failures, mayHaveHappened: false);
    }

    /// <summary>Tells all; those that cannot be told are passed over when one was told, as they have no lasting memory.</summary>
    /// <exception cref="ProtoBridgeMqException">None could be told.</exception>
    public async ValueTask TellAsync<THeader>(int code, THeader header, string what, CancellationToken cancellationToken)
        where THeader : struct, IHeaderWriter
    {
        var failures = new ProtoBridgeMqException?[addresses.Length];
        for (int i = 0; i < addresses.Length; i++)
        {
            try
            {
                using RemotingResponse response = await calls.RequireAsync(addresses[i], code, header, default, timeout, what, cancellationToken).ConfigureAwait(false);
            }
            catch (ProtoBridgeMqException error)
            {
                failures[i] = error;
                log.NameServerFailed(addresses[i], error.Message);
            }
        }

        if (Array.TrueForAll(failures, static failure => failure is not null))
        {
            throw None(what, failures, Array.Exists(failures, static failure => failure!.MayHaveHappened));
        }
    }

    private async ValueTask<T?> AskOneAsync<THeader, T>(
        string address, int code, THeader header, string what, Func<RemotingResponse, T?> read, int unknown, bool urgent, CancellationToken cancellationToken)
        where THeader : struct, IHeaderWriter
        where T : class
    {
        using RemotingResponse response = await calls.InvokeAsync(address, code, header, default, timeout, what, cancellationToken, urgent).ConfigureAwait(false);
        if (response.Code == ResponseCode.Success)
        {
            return RemoteCalls.Read(response, what, address, read);
        }

        return response.Code == unknown ? null : throw CallErrors.Refused(response, what, address);
    }

    private ProtoBridgeMqException None(string what, ProtoBridgeMqException?[] failures, bool mayHaveHappened)
    {
        ProtoBridgeMqException last = Array.FindLast(failures, static failure => failure is not null)!;
        if (addresses.Length > 1)
        {
            return new ClusterUnreachableException($"{what} failed: none of the name servers {_all} could answer. The last one: {last.Message}", mayHaveHappened, _all, last);
        }

        return last.MayHaveHappened == mayHaveHappened ? last : CallErrors.WithoutEffect(last);
    }
}
