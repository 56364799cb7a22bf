using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ProtoBridgeMQ.Tests.Interop.Clients;
using ProtoBridgeMQ.Tests.Interop.Http;
using ProtoBridgeMQ.Tests.Interop.Mqtt;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Remoting;

/// <summary>ali-ons and HTTP members in one group of the real process: messages, progress, retries and dead letters are the group's.</summary>
public sealed partial class MixedGroups : IAsyncLifetime
{
    private const int GetConsumeStats = 208;
    private const int PutGroup = 200;
    private const int Queues = 8;
    private const int Messages = 300;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private GatewayProcess _gateway = null!;
    private RawBroker _broker = null!;
    private RawRemoting _remoting = null!;

    public async Task InitializeAsync()
    {
        _gateway = await GatewayProcess.StartAsync(new GatewaySettings { Configuration = """{ "broker": { "messageDelayLevel": "1s" } }""" });
        _broker = await RawBroker.ConnectAsync(_gateway.Ports.Broker);
        _remoting = await RawRemoting.ConnectAsync(_gateway.Ports.Broker);
    }

    public async Task DisposeAsync()
    {
        _broker.Dispose();
        _remoting.Dispose();
        await _gateway.DisposeAsync();
    }

    [FactWhen(Needs.AliOns)]
    public async Task Everything_is_handled_when_a_native_member_is_killed_and_progress_is_one()
    {
        const string Topic = "mixedall";
        const string Group = "mixed-all";
        await _broker.CreateTopicAsync(Topic, Queues);
        await using ScriptedClient first = Native(Topic, Group, "first");
        await using ScriptedClient second = Native(Topic, Group, "second");
        await using (var web = new HttpMember(_gateway, Topic, Group))
        {
            await first.EventAsync("ready", Patience);
            await second.EventAsync("ready", Patience);
            await SharedOutAsync(Topic, Group, web, first, second);

            Task sent = SendAsync(Topic, "m", Messages);
            await Eventually.True(() => Handled("m", first, second).Count + web.Accepted("m").Count > Messages / 3, "a third was handled", Patience);
            await second.KillAsync();
            await sent;
            await Eventually.True(
                () => Handled("m", first, second).Union(web.Accepted("m")).Count() == Messages, $"all were handled\n{_gateway.Output}", Patience);

            await ProgressIsOneAsync(Topic, Group);
            Assert.Equal(web.Accepted("m").Count, web.Accepted("m").Distinct().Count());

            // Nobody comes or goes: each exactly once, by one of two.
            await SharedOutAsync(Topic, Group, web, first);
            await SendAsync(Topic, "calm", 100);
            await Eventually.True(() => Handled("calm", first).Union(web.Accepted("calm")).Count() == 100, "all of the calm were handled", Patience);
            await ProgressIsOneAsync(Topic, Group);
            Assert.Equal(100, Handled("calm", first).Count + web.Accepted("calm").Count);
            Assert.NotEmpty(Handled("calm", first));
            Assert.NotEmpty(web.Accepted("calm"));
        }

        Assert.Empty(_gateway.Failures);
    }

    [FactWhen(Needs.AliOns)]
    public async Task What_a_native_member_refuses_is_retried_by_the_gateway_and_becomes_a_dead_letter_after_the_groups_attempts()
    {
        const string Topic = "mixedretry";
        const string Group = "mixed-retry";
        // Queue 0 and the only retry queue are the first member's by client id, queue 1 is the second's.
        await _broker.CreateTopicAsync(Topic, 2);
        await PutGroupAsync(Group, retries: 2);
        await using ScriptedClient native = Native(Topic, Group, "zz-last");
        await using var web = new HttpMember(_gateway, Topic, Group);
        await native.EventAsync("ready", Patience);
        await OwnsAsync(Topic, 1, () => Handled("probe", native));

        Assert.Equal(0, (await _broker.SendAsync(Topic, 1, "refuse once"u8.ToArray())).Code);
        await Eventually.True(() => web.Accepted("refuse once").Count == 1, "the gateway's member handled what the native one refused", Patience);
        Assert.Equal(2, web.Attempts["refuse once"]);
        Assert.Single(native.Events("refused"), message => (string?)message["body"] == "refuse once");

        // Once by the native member, then by the gateway's until the group's two retries are over.
        Assert.Equal(0, (await _broker.SendAsync(Topic, 1, "refuse always"u8.ToArray())).Code);
        StoredMessage dead = await DeadLetterAsync(Group);
        Assert.Equal("refuse always", dead.Text);
        Assert.Equal(3, web.Attempts["refuse always"]);
        await ProgressIsOneAsync(Topic, Group);
        await ProgressIsOneAsync($"%RETRY%{Group}", Group);
    }

    [FactWhen(Needs.AliOns)]
    public async Task What_the_gateway_releases_is_retried_by_a_native_member()
    {
        const string Topic = "mixedback";
        const string Group = "mixed-back";
        await _broker.CreateTopicAsync(Topic, 2);
        await using ScriptedClient native = Native(Topic, Group, "!first", refuse: "nothing");
        await using var web = new HttpMember(_gateway, Topic, Group);
        await native.EventAsync("ready", Patience);
        await OwnsAsync(Topic, 1, () => web.Accepted("probe"));

        Assert.Equal(0, (await _broker.SendAsync(Topic, 1, "refuse always"u8.ToArray())).Code);
        await Eventually.True(() => Handled("refuse always", native).Count == 1, "the native member handled what the gateway's released", Patience);

        JsonObject message = Assert.Single(native.Events("message"), message => (string?)message["body"] == "refuse always");
        Assert.Equal(1, (int)message["reconsumeTimes"]!);
        Assert.Equal(1, web.Attempts["refuse always"]);
        await ProgressIsOneAsync(Topic, Group);
    }

    private static List<string> Handled(string prefix, params ScriptedClient[] natives) => [.. natives
        .SelectMany(native => native.Events("message"))
        .Select(message => (string)message["body"]!)
        .Where(body => body.StartsWith(prefix, StringComparison.Ordinal))];

    [GeneratedRegex("\"brokerOffset\":(?<end>-?[0-9]+)[^}]*\"consumerOffset\":(?<progress>-?[0-9]+)")]
    private static partial Regex QueueStats();

    private ScriptedClient Native(string topic, string group, string instance, string refuse = "refuse")
        => ScriptedClient.Node("ons-consume.js", new { nameSrv = _gateway.NameServer, group, topic, instance, refuse });

    /// <summary>Half by a device, half by POST.</summary>
    private async Task SendAsync(string topic, string prefix, int count)
    {
        using var rest = new Rest(_gateway);
        using RawMqtt device = await RawMqtt.ConnectAsync(_gateway.Ports.Mqtt, $"mixed-{prefix}");
        for (int i = 0; i < count; i += 2)
        {
            await device.PublishAsync($"{topic}/kitchen", $"{prefix}{i}");
            await rest.PublishAsync(topic, "tag=hall", $"{prefix}{i + 1}");
        }
    }

    private async Task PutGroupAsync(string group, int retries)
    {
        RawAnswer answer = await _remoting.AskAsync(
            PutGroup,
            [],
            Encoding.UTF8.GetBytes($$"""{"groupName":"{{group}}","consumeEnable":true,"consumeFromMinEnable":true,"consumeBroadcastEnable":true,"retryQueueNums":1,"retryMaxTimes":{{retries}},"notifyConsumerIdsChangedEnable":true}"""));
        Assert.True(answer.Code == 0, answer.Remark);
    }

    /// <summary>Sends to every queue until, three times running, each member handled something and nothing came twice.</summary>
    private async Task SharedOutAsync(string topic, string group, HttpMember web, params ScriptedClient[] natives)
    {
        int running = 0;
        for (int i = 0; running < 3; i++)
        {
            Assert.True(i < 100, $"the queues were not shared out\n{string.Join('\n', natives.Select(native => native.Output))}\n{_gateway.Output}");
            string probe = string.Create(CultureInfo.InvariantCulture, $"probe{natives.Length}-{i}-");
            for (int queue = 0; queue < Queues; queue++)
            {
                Assert.Equal(0, (await _broker.SendAsync(topic, queue, Encoding.UTF8.GetBytes($"{probe}{queue}"))).Code);
            }

            await Eventually.True(
                () => Handled(probe, natives).Union(web.Accepted(probe)).Count() == Queues, $"probe {i} was handled\n{_gateway.Output}", Patience);
            await ProgressIsOneAsync(topic, group);
            bool all = Array.TrueForAll(natives, native => Handled(probe, native).Count > 0) && web.Accepted(probe).Count > 0;
            running = all && Handled(probe, natives).Count + web.Accepted(probe).Count == Queues ? running + 1 : 0;
        }
    }

    /// <summary>Sends to one queue until the wanted member is the one that handles it.</summary>
    private async Task OwnsAsync(string topic, int queue, Func<List<string>> handled)
    {
        int before = handled().Count;
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        for (int i = 0; handled().Count < before + 3; i++)
        {
            Assert.True(i < 300, $"queue {queue} did not go to the wanted member\n{_gateway.Output}");
            Assert.Equal(0, (await _broker.SendAsync(topic, queue, Encoding.UTF8.GetBytes($"probe{i}"))).Code);
            await poll.WaitForNextTickAsync();
        }
    }

    /// <summary>Waits until progress is at the end of all queues, as the group's statistics and the saved offsets say alike.</summary>
    private async Task ProgressIsOneAsync(string topic, string group)
    {
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        long begin = TimeProvider.System.GetTimestamp();
        while (true)
        {
            RawAnswer stats = await _remoting.AskAsync(GetConsumeStats, [("consumerGroup", group), ("topic", topic)]);
            string text = Encoding.UTF8.GetString(stats.Body);
            List<(long End, long Progress)> queues = [.. QueueStats().Matches(text).Select(match => (Number(match, "end"), Number(match, "progress")))];
            List<long> saved = [];
            for (int queue = 0; queue < queues.Count; queue++)
            {
                saved.Add(Math.Max(0, await _broker.ProgressAsync(group, topic, queue)));
            }

            if (queues.Count > 0 && queues.TrueForAll(queue => Math.Max(0, queue.Progress) == queue.End) && saved.Sum() == queues.Sum(queue => queue.End))
            {
                return;
            }

            Assert.True(TimeProvider.System.GetElapsedTime(begin) < Patience, $"progress did not reach the end: {text}, saved {string.Join(' ', saved)}");
            await poll.WaitForNextTickAsync();
        }
    }

    private static long Number(Match match, string name) => long.Parse(match.Groups[name].ValueSpan, CultureInfo.InvariantCulture);

    private async Task<StoredMessage> DeadLetterAsync(string group)
    {
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        long begin = TimeProvider.System.GetTimestamp();
        while (true)
        {
            (IReadOnlyList<StoredMessage> messages, _) = await _broker.PullAsync($"%DLQ%{group}", 0, 0, "judge");
            if (messages.Count > 0)
            {
                return Assert.Single(messages);
            }

            Assert.True(TimeProvider.System.GetElapsedTime(begin) < Patience, $"no dead letter came\n{_gateway.Output}");
            await poll.WaitForNextTickAsync();
        }
    }

    /// <summary>Receives over HTTP, acknowledges, and gives back what says so: <c>refuse always</c> always.</summary>
    private sealed class HttpMember : IAsyncDisposable
    {
        private readonly Rest _rest;
        private readonly string _topic;
        private readonly string _group;
        private readonly ConcurrentQueue<string> _accepted = new();
        private readonly Task _working;
        private volatile bool _stop;

        public HttpMember(GatewayProcess gateway, string topic, string group)
        {
            _rest = new Rest(gateway);
            _topic = topic;
            _group = group;
            _working = Task.Run(WorkAsync);
        }

        /// <summary>The attempt with which each body came last.</summary>
        public ConcurrentDictionary<string, int> Attempts { get; } = new();

        public List<string> Accepted(string prefix) => [.. _accepted.Where(body => body.StartsWith(prefix, StringComparison.Ordinal))];

        public async ValueTask DisposeAsync()
        {
            _stop = true;
            await _working;
            _rest.Dispose();
        }

        private async Task WorkAsync()
        {
            while (!_stop)
            {
                foreach (JsonObject message in await _rest.ReceiveAsync(_topic, _group, "max=8&wait=1s"))
                {
                    string body = (string)message["body"]!;
                    string receipt = (string)message["receipt"]!;
                    Attempts[body] = (int)message["attempt"]!;
                    if (body == "refuse always")
                    {
                        using HttpResponseMessage released = await _rest.Client.PostAsJsonAsync(
                            new Uri("v1/receipts/nack", UriKind.Relative), new { receipts = new[] { receipt } });
                        Assert.True(released.IsSuccessStatusCode);
                    }
                    else if ((bool)(await _rest.AcknowledgeAsync(receipt))["results"]![0]!["settled"]!)
                    {
                        _accepted.Enqueue(body);
                    }
                }
            }
        }
    }
}
