using ProtoBridgeMQ.Broker.Core;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Remoting.Transport;

namespace ProtoBridgeMQ.Broker.Registration;

/// <summary>
/// Tells every name server which topics this broker has: all at the start, and at once what changes. Each has a link of its
/// own: one that is slow or absent does not hold back what the others are told.
/// </summary>
public sealed class NameServerRegistration : IAsyncDisposable
{
    private readonly BrokerCore _core;
    private readonly NameServerLink[] _links;
    private readonly TimeProvider _time;
    private int _disposed;

    /// <summary>For the name servers of the options.</summary>
    public NameServerRegistration(BrokerCore core, RemotingClient client, TimeProvider time, ILogger<NameServerRegistration> logger)
    {
        _core = core;
        _time = time;
        var messages = new RegistrationMessages(core.Options, core.StoreHost);
        _links =
        [
            .. core.Options.NameServers
                .Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Distinct(StringComparer.Ordinal)
                .Select(address => new NameServerLink(address, core.Tables.Topics, core.Options, messages, client, core.Metrics, time, logger)),
        ];
        core.Desk.Registers(() => (_links.Length, _links.Count(static link => link.Answers)));
        core.Metrics.Observe("broker.nameservers", "Name servers that know the broker", () => _links.Count(static link => link.Answers));
    }

    /// <summary>Registers from now on.</summary>
    public void Start()
    {
        if (_links.Length == 0)
        {
            return;
        }

        _core.Topics.Changed += OnTopicChanged;
        _core.Routes.AskOf(RouteAsync);
        _core.Routes.TellBy(ToldAsync);
        foreach (NameServerLink link in _links)
        {
            link.Start();
        }
    }

    /// <summary>Leaves the name servers' tables and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _core.Topics.Changed -= OnTopicChanged;
        _core.Routes.AskOf(null);
        _core.Routes.TellBy(null);
        await Task.WhenAll(_links.Select(static link => link.DisposeAsync().AsTask()));
    }

    // Of the first that answers; null of none.
    private async ValueTask<TopicRouteData?> RouteAsync(string topic)
    {
        foreach (NameServerLink link in _links)
        {
            if (await link.RouteAsync(topic).ConfigureAwait(false) is { } route)
            {
                return route;
            }
        }

        return null;
    }

    // Those that answer, and no longer than one may take: the others learn of it when they do.
    private async Task ToldAsync()
    {
        try
        {
            await Task.WhenAll(_links.Select(static link => link.ToldAsync())).WaitAsync(_core.Options.RegisterTimeout, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It is told when it answers again, as always.
        }
    }

    private void OnTopicChanged(BrokerTopic topic)
    {
        foreach (NameServerLink link in _links)
        {
            link.Wake();
        }
    }
}
