using ProtoBridgeMQ.Client;

namespace ProtoBridgeMQ.Tests.Unit.Client;

/// <summary>Options that cannot be: each is refused when the client is made, by its name, with what would be possible.</summary>
public sealed class ConfigurationMistakes
{
    private static readonly TimeSpan TooLong = TimeSpan.FromDays(40);

    public static TheoryData<string, string, Action> Mistakes
    {
        get
        {
            var all = new TheoryData<string, string, Action>();
            Clients(all);
            Producers(all);
            PushConsumers(all);
            PullConsumers(all);
            Others(all);
            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void A_mistake_is_refused_by_its_name_with_what_is_possible(string option, string says, Action make)
    {
        var wrong = Assert.Throws<ArgumentException>(make);
        Assert.Equal(option, wrong.ParamName);
        Assert.StartsWith($"Option {option} ", wrong.Message, StringComparison.Ordinal);
        Assert.Contains(says, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_set_by_default_is_possible()
    {
        new ClientOptions().Check();
        new ProducerOptions().Check();
        new PushConsumerOptions { Group = "g" }.Check();
    }

    private static void Clients(TheoryData<string, string, Action> all)
    {
        Add("NameServers", "write host:port", options => options.NameServers = " ");
        Add("NameServers", "'nowhere', which is not host:port", options => options.NameServers = "127.0.0.1:9876;nowhere");
        Add("NameServers", "'a:70000', which is not host:port", options => options.NameServers = "a:70000");
        Add("RequestTimeout", "longer than zero", options => options.RequestTimeout = TimeSpan.Zero);
        Add("ConnectTimeout", "longer than zero", options => options.ConnectTimeout = -TimeSpan.FromSeconds(1));
        Add("HeartbeatInterval", "shorter than 40 days", options => options.HeartbeatInterval = TooLong);
        Add("RouteRefreshInterval", "longer than zero", options => options.RouteRefreshInterval = TimeSpan.Zero);
        Add("MissingTopicInterval", "longer than zero", options => options.MissingTopicInterval = TimeSpan.Zero);
        Add("MaxTopics", "at least 1", options => options.MaxTopics = 0);
        Add("MaxPendingRequests", "at least 1", options => options.MaxPendingRequests = 0);
        Add("MaxPendingReplies", "at least 1", options => options.MaxPendingReplies = 0);
        Add("MaxBodySize", "at least 1 byte", options => options.MaxBodySize = 0);
        Add("TraceTopic", "is empty", options => options.TraceTopic = string.Empty);
        Add("InstanceName", "no @, / or \\", options => options.InstanceName = "a/b");
        Add("SecretKey", "set both", options => options.AccessKey = "key");
        Add("SecretKey", "set both", options => options.SecretKey = "secret");
        Add("SecurityToken", "needs AccessKey", options => options.SecurityToken = "token");
        Add("TimeProvider", "is null", options => options.TimeProvider = null!);
        Add("LoggerFactory", "is null", options => options.LoggerFactory = null!);

        void Add(string option, string says, Action<ClientOptions> set) => all.Add(option, says, () =>
        {
            var options = new ClientOptions();
            set(options);
            _ = new ClusterConnection(options);
        });
    }

    private static void Producers(TheoryData<string, string, Action> all)
    {
        Add("Group", "must have 1 to 120 of the characters", options => options.Group = "a group");
        Add("SendTimeout", "longer than zero", options => options.SendTimeout = TimeSpan.Zero);
        Add("AttemptTimeout", "longer than zero", options => options.AttemptTimeout = TimeSpan.Zero);
        Add("Retries", "0 to 16", options => options.Retries = 17);
        Add("Compression", "be Zlib or Lz4", options => options.Compression = (CompressionType)7);
        Add("CompressOver", "not be negative", options => options.CompressOver = -1);
        Add("NewTopicQueues", "1 to 1024", options => options.NewTopicQueues = 0);
        Add("MaxBatchSize", "at least 1024 bytes", options => options.MaxBatchSize = 1);
        Add("Client", "is null", options => options.Client = null!);

        void Add(string option, string says, Action<ProducerOptions> set) => all.Add(option, says, () =>
        {
            var options = new ProducerOptions();
            set(options);
            _ = new Producer(options);
        });
    }

    private static void PushConsumers(TheoryData<string, string, Action> all)
    {
        Add("Group", "must have 1 to 120 of the characters", options => options.Group = string.Empty);
        Add("MaxConcurrency", "1 to 10,000", options => options.MaxConcurrency = 0);
        Add("MaxMessagesPerQueue", "at least 1", options => options.MaxMessagesPerQueue = 0);
        Add("MaxBytesPerQueue", "at least 1", options => options.MaxBytesPerQueue = 0);
        Add("MaxSpanPerQueue", "at least 1", options => options.MaxSpanPerQueue = 0);
        Add("PullBatch", "1 to 1024", options => options.PullBatch = 1025);
        Add("PullWait", "longer than zero", options => options.PullWait = TimeSpan.Zero);
        Add("RetryPause", "longer than zero", options => options.RetryPause = TimeSpan.Zero);
        Add("RebalanceInterval", "longer than zero", options => options.RebalanceInterval = TimeSpan.Zero);
        Add("SuspendTime", "longer than zero", options => options.SuspendTime = TimeSpan.Zero);
        Add("MaxOrderedTries", "not be negative", options => options.MaxOrderedTries = -1);
        Add("CommitInterval", "longer than zero", options => options.CommitInterval = TimeSpan.Zero);
        Add("StopTimeout", "longer than zero", options => options.StopTimeout = TimeSpan.Zero);
        Add("MaxReconsumeTimes", "-1 or more", options => options.MaxReconsumeTimes = -2);
        Add("LocalOffsetDirectory", "is empty", options => options.LocalOffsetDirectory = string.Empty);
        Add("Client", "is null", options => options.Client = null!);

        void Add(string option, string says, Action<PushConsumerOptions> set) => all.Add(option, says, () =>
        {
            var options = new PushConsumerOptions { Group = "g" };
            set(options);
            _ = new PushConsumer(options, (_, _) => ValueTask.FromResult(ConsumeResult.Success));
        });
    }

    private static void PullConsumers(TheoryData<string, string, Action> all)
    {
        Add("Group", "must have 1 to 120 of the characters", options => options.Group = new string('g', 121));
        Add("CommitInterval", "longer than zero", options => options.CommitInterval = TimeSpan.Zero);
        Add("MaxMessagesPerQueue", "at least 1", options => options.MaxMessagesPerQueue = 0);
        Add("MaxBytesPerQueue", "at least 1", options => options.MaxBytesPerQueue = 0);
        Add("PullBatch", "1 to 1024", options => options.PullBatch = 0);
        Add("PullWait", "longer than zero", options => options.PullWait = TimeSpan.Zero);
        Add("RetryPause", "longer than zero", options => options.RetryPause = TimeSpan.Zero);
        Add("RebalanceInterval", "longer than zero", options => options.RebalanceInterval = TimeSpan.Zero);
        Add("Client", "is null", options => options.Client = null!);

        void Add(string option, string says, Action<PullConsumerOptions> set) => all.Add(option, says, () =>
        {
            var options = new PullConsumerOptions { Group = "g" };
            set(options);
            _ = new PullConsumer(options);
        });
    }

    private static void Others(TheoryData<string, string, Action> all)
    {
        Simple("Group", "must have 1 to 120 of the characters", options => options.Group = "a b");
        Simple("InvisibleTime", "1 second to 12 hours", options => options.InvisibleTime = TimeSpan.FromMilliseconds(1));
        Simple("From", "cannot be a time", options => options.From = ConsumeFrom.Timestamp);
        Simple("Client", "is null", options => options.Client = null!);
        Reading("Filter", "is null", options => options.Filter = null!);
        Reading("MaxMessagesAhead", "at least 1", options => options.MaxMessagesAhead = 0);
        Reading("PullBatch", "1 to 1024", options => options.PullBatch = 0);
        Reading("PullWait", "longer than zero", options => options.PullWait = TimeSpan.Zero);
        Reading("RetryPause", "longer than zero", options => options.RetryPause = TimeSpan.Zero);
        Reading("Client", "is null", options => options.Client = null!);
        Transactions("Group", "must have 1 to 120 of the characters", options => options.Group = "?");
        Transactions("Sending", "is null", options => options.Sending = null!);
        Transactions("MaxConcurrentChecks", "1 to 1,000", options => options.MaxConcurrentChecks = 0);
        Transactions("MaxWaitingChecks", "1 to 1,000,000", options => options.MaxWaitingChecks = 0);
        Transactions("CheckAfter", "1 second to 3 days", options => options.CheckAfter = TimeSpan.Zero);

        void Simple(string option, string says, Action<SimpleConsumerOptions> set) => all.Add(option, says, () =>
        {
            var options = new SimpleConsumerOptions { Group = "g" };
            set(options);
            _ = new SimpleConsumer(options);
        });

        void Reading(string option, string says, Action<ReaderOptions> set) => all.Add(option, says, () =>
        {
            var options = new ReaderOptions();
            set(options);
            _ = new Reader(options);
        });

        void Transactions(string option, string says, Action<TransactionProducerOptions> set) => all.Add(option, says, () =>
        {
            var options = new TransactionProducerOptions { Group = "g" };
            set(options);
            _ = new TransactionProducer(options, (_, _) => ValueTask.FromResult(TransactionOutcome.Commit));
        });
    }
}
