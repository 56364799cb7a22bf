using System.Diagnostics.CodeAnalysis;
using System.Text;
using ProtoBridgeMQ.Bridge.Retained;
using ProtoBridgeMQ.Gateway.Mqtt.Routing;
using ProtoBridgeMQ.Gateway.Mqtt.Session;

namespace ProtoBridgeMQ.Gateway.Mqtt.Sys;

/// <summary>
/// Publishes <see cref="SysValues"/> of this gateway to its subscribers on an interval: those that changed, at QoS 0. A new
/// subscription gets all of them as retained messages. None of it goes through the log.
/// </summary>
public sealed class SysTopics : IHostedService, IDisposable
{
    private readonly Lock _gate = new();
    private readonly MqttShared _shared;
    private readonly SysValues _values;
    private readonly MatchSet _matches = new(ownPlaces: true);
    private readonly RetainedTable _names = new(new RetainedOptions());
    private readonly List<OutgoingMessage> _messages = [];
    private readonly Dictionary<string, (int Index, string Value)> _known = new(StringComparer.Ordinal);
    private ITimer? _timer;

    public SysTopics(MqttShared shared)
    {
        _shared = shared;
        _values = new SysValues(shared);
    }

    /// <summary>Whether a filter can match these names: no wildcard stands for their first level [MQTT-4.7.2-1].</summary>
    public static bool Concerns(ReadOnlySpan<byte> filter) => filter.StartsWith("$SYS/"u8);

    /// <summary>Offers the present values to a new subscription.</summary>
    public void SendPresent(MqttSession session, ReadOnlySpan<byte> filter, Subscription subscription)
    {
        var search = new RetainedSearch(filter);
        lock (_gate)
        {
            if (_timer is not null && _messages.Count == 0)
                Refresh(publish: false);
            while (!search.IsDone)
            {
                _names.Continue(search, 64, DateTimeOffset.UnixEpoch);
                foreach (RetainedReference found in search.Found)
                    session.Offer(new Delivery(_messages[(int)found.Entry.Offset], 0, true, default(SubscriptionIdentifiers).With(subscription.Identifier)));
            }
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        TimeSpan interval = _shared.Options.SysInterval;
        if (interval > TimeSpan.Zero)
            _timer = _shared.Clock.CreateTimer(_ => OnTimer(), null, interval, interval);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _timer?.Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    [SuppressMessage("Design", "CA1031", Justification = "A timer's call has nobody to tell; it is logged.")]
    private void OnTimer()
    {
        try
        {
            lock (_gate)
                Refresh(publish: true);
        }
        catch (Exception defect)
        {
            MqttLog.Defect(_shared.Logger, defect);
        }
    }

    private void Refresh(bool publish)
    {
        foreach ((string name, string value) in _values.Read())
        {
            byte[] topic = Encoding.UTF8.GetBytes(name);
            bool known = _known.TryGetValue(name, out (int Index, string Value) before);
            if (known && before.Value == value)
                continue;
            int index = known ? before.Index : _messages.Count;
            OutgoingMessage message = _shared.RetainedPool.Rent();
            message.Open(topic, default, Encoding.UTF8.GetBytes(value), 0);
            if (known)
            {
                _messages[index].Release();
                _messages[index] = message;
            }
            else
            {
                _messages.Add(message);
                _names.Apply(topic, new RetainedEntry(index, 1, 0));
            }

            _known[name] = (index, value);
            if (publish)
                Offer(topic, message);
        }
    }

    private void Offer(ReadOnlySpan<byte> topic, OutgoingMessage message)
    {
        _matches.Clear();
        _shared.Router.Match(topic, _matches);
        for (int i = 0; i < _matches.Count; i++)
            _matches[i].Subscriber.Offer(new Delivery(message, 0, _matches[i].RetainAsPublished, _matches[i].Identifiers));
    }
}
