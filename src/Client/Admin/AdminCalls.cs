using ProtoBridgeMQ.Client.Connections;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Headers;
using ProtoBridgeMQ.Remoting.Protocol;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Client.Admin;

/// <summary>Requests of administration: to a name server, to the master of a broker set, or to those of all.</summary>
internal sealed class AdminCalls(ClusterConnection connection)
{
    public ClusterConnection Connection => connection;

    private TimeSpan Timeout => connection.Options.RequestTimeout;

    /// <summary>All broker sets, by name.</summary>
    public async ValueTask<IReadOnlyList<BrokerRoute>> BrokersAsync(CancellationToken cancellationToken)
    {
        ClusterInfo? info = await connection.NameServers
            .AskAsync(
                RequestCode.GetBrokerClusterInfo,
                default(NoFields),
                "Asking for the list of brokers",
                static answer => LenientJson.Read(answer.Body.Span, RemotingJson.Bodies.ClusterInfo) is { Brokers.Count: > 0 } known ? known : null,
                ResponseCode.TopicNotExist,
                cancellationToken)
            .ConfigureAwait(false);
        return info is null ? [] : [.. info.Brokers.Values
            .Select(broker => new BrokerRoute(broker.BrokerName, broker.Cluster, broker.Addresses))
            .OrderBy(broker => broker.Name, StringComparer.Ordinal)];
    }

    /// <summary>The master's address of a broker set.</summary>
    public async ValueTask<string> MasterAsync(string broker, string what, CancellationToken cancellationToken)
    {
        IReadOnlyList<BrokerRoute> brokers = await BrokersAsync(cancellationToken).ConfigureAwait(false);
        return brokers.FirstOrDefault(route => route.Name == broker)?.Addresses.GetValueOrDefault(0)
            ?? throw new ClusterUnreachableException($"{what} failed: the name servers know no master of broker {broker}.", false, null);
    }

    /// <summary>A request to the master of a broker set; the answer may be a refusal.</summary>
    public async ValueTask<RemotingResponse> AskAsync<THeader>(string broker, int code, THeader header, string what, CancellationToken cancellationToken)
        where THeader : struct, IHeaderWriter
    {
        string master = await MasterAsync(broker, what, cancellationToken).ConfigureAwait(false);
        return await connection.Calls.InvokeAsync(master, code, header, default, Timeout, what, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What a broker calls itself; empty when it does not tell.</summary>
    public async ValueTask<string> VersionAsync(string broker, CancellationToken cancellationToken)
    {
        string what = $"Asking broker {broker} for its version";
        using RemotingResponse response = await AskAsync(broker, RequestCode.GetBrokerRuntimeInfo, default(NoFields), what, cancellationToken).ConfigureAwait(false);
        return response.Code == ResponseCode.Success
            ? RemoteCalls.Read(response, what, broker, static answer => LenientJson.Read(answer.Body.Span, RemotingJson.Bodies.KvTable)).Table.GetValueOrDefault("brokerVersionDesc") ?? string.Empty
            : string.Empty;
    }

    /// <summary>A request to the master of a broker set that must succeed.</summary>
    public async ValueTask<RemotingResponse> RequireAsync<THeader>(
        string broker, int code, THeader header, ReadOnlyMemory<byte> body, string what, CancellationToken cancellationToken)
        where THeader : struct, IHeaderWriter
    {
        string master = await MasterAsync(broker, what, cancellationToken).ConfigureAwait(false);
        return await connection.Calls.RequireAsync(master, code, header, body, Timeout, what, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A request to the masters of all broker sets, or of one; each must succeed.</summary>
    /// <exception cref="ClusterUnreachableException">There is no master.</exception>
    public async ValueTask TellMastersAsync<THeader>(
        string? broker, int code, THeader header, ReadOnlyMemory<byte> body, string what, CancellationToken cancellationToken)
        where THeader : struct, IHeaderWriter
    {
        bool any = false;
        foreach ((string name, string master) in await MastersAsync(cancellationToken).ConfigureAwait(false))
        {
            if (broker is null || name == broker)
            {
                any = true;
                using RemotingResponse response = await connection.Calls
                    .RequireAsync(master, code, header, body, Timeout, $"{what} on broker {name}", cancellationToken)
                    .ConfigureAwait(false);
            }
        }

        if (!any)
        {
            throw new ClusterUnreachableException($"{what} failed: the name servers know no broker {broker} with a master.", false, null);
        }
    }

    /// <summary>Asks the masters of all broker sets; those that refuse are passed over, unless all do.</summary>
    public async ValueTask<IReadOnlyList<T>> GatherAsync<THeader, T>(
        int code, THeader header, string what, Func<RemotingResponse, T> read, CancellationToken cancellationToken)
        where THeader : struct, IHeaderWriter
    {
        var found = new List<T>();
        RequestRefusedException? refused = null;
        foreach ((string name, string master) in await MastersAsync(cancellationToken).ConfigureAwait(false))
        {
            try
            {
                using RemotingResponse response = await connection.Calls
                    .RequireAsync(master, code, header, default, Timeout, $"{what} on broker {name}", cancellationToken)
                    .ConfigureAwait(false);
                found.Add(RemoteCalls.Read(response, what, master, read));
            }
            catch (RequestRefusedException error)
            {
                refused = error;
            }
        }

        return found.Count == 0 && refused is not null ? throw refused : found;
    }

    private async ValueTask<IReadOnlyList<(string Name, string Master)>> MastersAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<BrokerRoute> brokers = await BrokersAsync(cancellationToken).ConfigureAwait(false);
        return [.. brokers.Where(broker => broker.Addresses.ContainsKey(0)).Select(broker => (broker.Name, broker.Addresses[0]))];
    }
}
