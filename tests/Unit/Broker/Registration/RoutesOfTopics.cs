using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Broker.Registration;
using ProtoBridgeMQ.Remoting.Bodies;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Registration;

public class RoutesOfTopics
{
    private readonly ManualClock _clock = new();
    private readonly List<string> _asked = [];
    private readonly TopicRoutes _routes;
    private Func<string, ValueTask<TopicRouteData?>> _answer = static _ => new(Route(2));

    public RoutesOfTopics()
    {
        _routes = new TopicRoutes(new BrokerOptions { MaxRoutes = 2 }, _clock);
        _routes.AskOf(topic =>
        {
            _asked.Add(topic);
            return _answer(topic);
        });
    }

    [Fact]
    public async Task A_route_is_asked_for_once_in_its_time()
    {
        Assert.Equal(2, await QueuesAsync("t"));
        _answer = static _ => new(Route(5));
        Assert.Equal(2, await QueuesAsync("t"));
        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(5, await QueuesAsync("t"));
        Assert.Equal(["t", "t"], _asked);
    }

    [Fact]
    public async Task Those_who_need_the_same_route_wait_for_one_answer()
    {
        var answer = new TaskCompletionSource<TopicRouteData?>();
        _answer = _ => new(answer.Task);
        Task<int> first = QueuesAsync("t");
        Task<int> second = QueuesAsync("t");
        answer.SetResult(Route(3));
        Assert.Equal((3, 3), (await first, await second));
        Assert.Single(_asked);
    }

    [Fact]
    public async Task What_was_said_last_holds_while_no_name_server_answers()
    {
        Assert.Equal(2, await QueuesAsync("t"));
        _clock.Advance(TimeSpan.FromSeconds(30));
        _answer = static _ => new((TopicRouteData?)null);
        Assert.Equal(2, await QueuesAsync("t"));
        Assert.Equal(0, await QueuesAsync("new"));
        _answer = static _ => new(Route(4));
        Assert.Equal(4, await QueuesAsync("new"));
        _clock.Advance(TimeSpan.FromSeconds(30));
        _answer = static _ => new(new TopicRouteData());
        Assert.Equal(0, await QueuesAsync("t"));
        Assert.Equal(1, _routes.Count);
    }

    [Fact]
    public async Task More_topics_than_may_be_kept_are_asked_for_each_time()
    {
        foreach (string topic in (string[])["a", "b", "c", "c"])
        {
            Assert.Equal(2, await QueuesAsync(topic));
        }

        Assert.Equal(["a", "b", "c", "c"], _asked);
        Assert.Equal(2, _routes.Count);
        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(2, await QueuesAsync("c"));
        Assert.Equal(1, _routes.Count);
    }

    private static TopicRouteData Route(int queues) => new() { Queues = [new QueueData { BrokerName = "broker-b", ReadQueues = queues, Permission = 6 }] };

    private async Task<int> QueuesAsync(string topic) => (await _routes.OthersAsync(topic)).Sum(static queue => queue.ReadQueues);
}
