"""What can be asked, in GraphQL's own schema language. The tables of `schema.py` come from it.

Names are EIP-1767's for the chain and The Graph's for entities. `@cost` and `@listSize` are those
of IBM's cost directives: a field costs its weight, and what is below it, times the lists around it.
"""

SDL = """
directive @cost(weight: String!) on FIELD_DEFINITION

directive @listSize(assumedSize: Int, slicingArguments: [String!]) on FIELD_DEFINITION

"A byte string as 0x-prefixed hexadecimal."
scalar Bytes

"32 bytes as 0x-prefixed hexadecimal."
scalar Bytes32

"20 bytes as 0x-prefixed hexadecimal."
scalar Address

"An integer. In: a number, or a string in decimals or 0x-prefixed hexadecimal. Out: the latter."
scalar BigInt

"An unsigned integer of 64 bits, in and out as a BigInt."
scalar Long

"What a column holds: a number, or a string as its kind is written."
scalar ColumnValue

type Query {
  "The block that the query runs in."
  block: Block!
  account(address: Address!): Account!
  registry: Registry!
  "A type of the entity store, if there is one of this id."
  entityType(id: Bytes32!): EntityType @cost(weight: "200")
  "A row by its id, or by its key."
  entity(type: Bytes32!, id: Long, key: Bytes32): Entity @cost(weight: "300")
  "Rows of a type, those before `skip` not counted."
  entities(
    type: Bytes32!
    where: [Condition!]
    "An indexed column; without it, the order of insertion."
    orderBy: String
    orderDirection: OrderDirection = asc
    first: Int!
    after: Long
    skip: Int = 0
  ): [Entity!]! @cost(weight: "300") @listSize(slicingArguments: ["first"])
  "What a contract anchored of a session: its rows of the type named SessionAnchor."
  session(namespace: Address!, id: Bytes32!): Session @cost(weight: "200")
  "A feed of 0x0510, or a composite of 0x0511."
  feed(id: Bytes32!): Feed @cost(weight: "300")
  feeds(ids: [Bytes32!]!): [Feed]! @cost(weight: "300") @listSize(slicingArguments: ["ids"])
  pool(id: Bytes32!): Pool @cost(weight: "200")
  model(id: Bytes32!): Model @cost(weight: "200")
  models(first: Int!, skip: Int = 0): [Model!]!
    @cost(weight: "300") @listSize(slicingArguments: ["first"])
  modelVersion(namespace: Address!, name: String!, version: Int!): ModelVersion
    @cost(weight: "300")
  _meta: _Meta_!
}

type _Meta_ {
  block: Block!
}

type Block {
  number: Long!
  timestamp: Long!
  "The hash of one of the last 256 blocks; null for others."
  hash(number: Long!): Bytes32
  parentHash: Bytes32!
  gasLimit: Long!
  baseFeePerGas: BigInt!
  coinbase: Address!
  chainId: BigInt!
}

type Account {
  address: Address!
  balance: BigInt!
  transactionCount: Long!
  code: Bytes! @cost(weight: "2000")
  codeHash: Bytes32!
  codeSize: Long!
  storage(slot: Bytes32!): Bytes32!
}

type Registry {
  version: Int!
  count: Int!
  precompile(address: Address!): Precompile
  precompiles(first: Int!, skip: Int = 0): [Precompile!]!
    @listSize(slicingArguments: ["first"])
}

type Precompile {
  address: Address!
  name: String!
  version: Int!
  family: String!
  methods: [Method!]! @cost(weight: "8") @listSize(assumedSize: 48)
}

type Method {
  signature: String! @cost(weight: "8")
  selector: Bytes! @cost(weight: "8")
}

type EntityType {
  id: Bytes32!
  namespace: Address!
  name: String!
  count: Long!
  columns: [Column!]! @listSize(assumedSize: 16)
}

type Column {
  name: String!
  kind: ColumnKind!
  indexed: Boolean!
}

enum ColumnKind {
  uint256
  int256
  bytes32
  address
  bytes
}

type Entity {
  id: Long!
  key: Bytes32
  uint(column: String!): BigInt!
  int(column: String!): BigInt!
  bytes32(column: String!): Bytes32!
  address(column: String!): Address!
  bytes(column: String!): Bytes!
}

"What a column of a row must be; all that is given holds. Bytes columns are not compared."
input Condition {
  column: String!
  _eq: ColumnValue
  _not: ColumnValue
  _gt: ColumnValue
  _gte: ColumnValue
  _lt: ColumnValue
  _lte: ColumnValue
  _in: [ColumnValue!]
  _not_in: [ColumnValue!]
}

enum OrderDirection {
  asc
  desc
}

type Session {
  id: Bytes32!
  "The newest epoch that was anchored."
  latestEpoch: Long!
  "The root of an epoch."
  anchor(epoch: Long!): Anchor @cost(weight: "300")
  "Epochs from one on, as many as were anchored."
  anchors(first: Int!, fromEpoch: Long!): [Anchor!]!
    @cost(weight: "300") @listSize(slicingArguments: ["first"])
}

type Anchor {
  epoch: Long!
  root: Bytes32!
}

type Feed {
  id: Bytes32!
  kind: FeedKind!
  owner: Address!
  description: String!
  decimals: Int!
  "After how many seconds an answer is stale; null for a composite."
  heartbeat: Long
  configDigest: Bytes32
  latest: Round @cost(weight: "200")
  round(roundId: Long!): Round @cost(weight: "200")
  "The newest first."
  rounds(first: Int!, skip: Int = 0): [Round!]!
    @cost(weight: "200") @listSize(slicingArguments: ["first"])
}

enum FeedKind {
  reported
  composite
}

type Round {
  roundId: Long!
  answer: BigInt!
  observedAt: Long!
  updatedAt: Long!
}

type Pool {
  id: Bytes32!
  sqrtPriceX96: BigInt!
  tick: Int!
  protocolFee: Int!
  lpFee: Int!
  liquidity: BigInt!
  feeGrowthGlobal0X128: BigInt!
  feeGrowthGlobal1X128: BigInt!
  tickAt(tick: Int!): Tick! @cost(weight: "200")
  "The ticks of a range at which positions end, the lowest first."
  ticks(tickSpacing: Int!, from: Int!, to: Int!, first: Int!, skip: Int = 0): [Tick!]!
    @cost(weight: "200") @listSize(slicingArguments: ["first"])
  position(owner: Address!, tickLower: Int!, tickUpper: Int!, salt: Bytes32!): Position!
    @cost(weight: "300")
}

type Tick {
  tick: Int!
  liquidityGross: BigInt!
  liquidityNet: BigInt!
  feeGrowthOutside0X128: BigInt!
  feeGrowthOutside1X128: BigInt!
}

type Position {
  liquidity: BigInt!
  feeGrowthInside0LastX128: BigInt!
  feeGrowthInside1LastX128: BigInt!
}

type Model {
  id: Bytes32!
  owner: Address!
  status: ModelStatus!
  kind: Int!
  adopted: Boolean!
  weightsRoot: Bytes32!
  poseidonRoot: BigInt
  weightsSize: Long!
  inputSize: Long!
  outputSize: Long!
  chunks: Int!
  chunksStored: Long!
}

enum ModelStatus {
  open
  sealed
  deprecated
}

type ModelVersion {
  version: Int!
  model: Model @cost(weight: "200")
  retired: Boolean!
}
"""

INTROSPECTION = """
type __Root {
  __schema: __Schema!
  __type(name: String!): __Type
  __typename: String!
}

type __Schema {
  description: String
  types: [__Type!]!
  queryType: __Type!
  mutationType: __Type
  subscriptionType: __Type
  directives: [__Directive!]!
}

type __Type {
  kind: __TypeKind!
  name: String
  description: String
  fields(includeDeprecated: Boolean = false): [__Field!]
  interfaces: [__Type!]
  possibleTypes: [__Type!]
  enumValues(includeDeprecated: Boolean = false): [__EnumValue!]
  inputFields: [__InputValue!]
  ofType: __Type
  specifiedByURL: String
}

type __Field {
  name: String!
  description: String
  args: [__InputValue!]!
  type: __Type!
  isDeprecated: Boolean!
  deprecationReason: String
}

type __InputValue {
  name: String!
  description: String
  type: __Type!
  defaultValue: String
}

type __EnumValue {
  name: String!
  description: String
  isDeprecated: Boolean!
  deprecationReason: String
}

type __Directive {
  name: String!
  description: String
  locations: [__DirectiveLocation!]! @listSize(assumedSize: 4)
  args: [__InputValue!]!
  isRepeatable: Boolean!
}

enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL }

enum __DirectiveLocation {
  QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT
  VARIABLE_DEFINITION SCHEMA SCALAR OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE
  UNION ENUM ENUM_VALUE INPUT_OBJECT INPUT_FIELD_DEFINITION
}

scalar String
scalar Boolean
scalar Int

directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @deprecated(reason: String = "No longer supported") on FIELD_DEFINITION | ENUM_VALUE
directive @specifiedBy(url: String!) on SCALAR
"""
"""What every schema has (October 2021, sections 3.5, 3.13 and 4).

`__Root` is no type: it holds the fields that need not be declared."""
