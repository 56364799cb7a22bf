using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Bridge.Embedded;

/// <summary>
/// Native members, streams of the gateway and MQTT clients in one group, over a broker on loopback: they come, go and die at random.
/// </summary>
public sealed class MixedGroups
{
    private const int Rounds = 60;
    private const int MessagesOfARound = 40;

    // What fits is tried; a slow machine makes fewer rounds.
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(12);

    /// <summary>
    /// In rounds: members change while messages come, until the queues are shared out and the group's progress covers all
    /// of them. From then on a message of that round must not come again, but for those that somebody sent back; and
    /// what came while nothing changed was handled exactly once.
    /// </summary>
    [Fact]
    public Task Every_message_is_handled_and_none_twice_without_a_reason_while_members_come_go_and_die()
        => Seeded.RunAsync(async random =>
        {
            await using MixedCluster cluster = await MixedCluster.StartAsync(random.Next());
            await cluster.BeginAsync(MessagesOfARound);
            long begin = TimeProvider.System.GetTimestamp();
            bool calmBefore = false;
            for (int round = 1; round <= Rounds && TimeProvider.System.GetElapsedTime(begin) < Budget; round++)
            {
                bool calm = round % 4 >= 2;
                Task sent = cluster.SendAsync(round, MessagesOfARound);
                for (int changes = calm ? 0 : random.Next(3, 12); changes > 0; changes--)
                {
                    await cluster.ChangeAsync(random);
                }

                await cluster.JoinWhenEmptyAsync();
                await sent.Within($"round {round} was sent");
                await cluster.SettledAsync(round);
                if (calm && calmBefore)
                {
                    cluster.Handlings.HandledOnce(round);
                }

                cluster.Handlings.Close(round);
                calmBefore = calm;
            }

            await cluster.Handlings.AllHandledAsync();
            cluster.Handlings.NothingCameLate();
        });

    [Fact]
    public async Task What_a_native_member_refused_is_handled_by_the_gateway_and_the_other_way_round()
    {
        await using MixedCluster cluster = await MixedCluster.StartAsync(seed: 1);
        cluster.RefuseAtFirst = true;
        await cluster.JoinNativeAsync();
        await cluster.OpenStreamAsync();
        await cluster.SettledAsync(-1);

        await cluster.SendAsync(0, MessagesOfARound);
        await cluster.Handlings.AllHandledAsync();

        // The retry topic has one queue, so one of the two handled all of what both refused.
        (int refusers, int handlers) = cluster.Handlings.Sides();
        Assert.Equal((2, 1), (refusers, handlers));
    }

    [Fact]
    public async Task What_an_MQTT_client_refused_is_handled_by_the_group()
    {
        await using MixedCluster cluster = await MixedCluster.StartAsync(seed: 2);
        cluster.RefuseAtFirst = true;
        await cluster.ConnectMqttAsync();
        await cluster.SettledAsync(-1);
        await cluster.SendAsync(0, MessagesOfARound);
        await cluster.Handlings.AllHandledAsync();
        Assert.Equal((1, 1), cluster.Handlings.Sides());
    }
}
