package osim

// sampleV4 is a document of version 4 with what the files of the data folder
// lack: every class of joint, offset frames on offset frames, a coupler, each
// function, a moving point by sockets, defaults.
const sampleV4 = `<?xml version="1.0" encoding="UTF-8"?>
<OpenSimDocument Version="40500">
<Model name="sample">
  <defaults><Thelen2003Muscle name="default"><max_isometric_force>50</max_isometric_force><tendon_slack_length>0.1</tendon_slack_length></Thelen2003Muscle></defaults>
  <Ground name="ground">
    <components><PhysicalOffsetFrame name="stand"><socket_parent>..</socket_parent><translation>0 1 0</translation><orientation>0 0 0.5</orientation></PhysicalOffsetFrame></components>
    <WrapObjectSet name="wrapobjectset"><objects>
      <WrapSphere name="ball"><radius>0.1</radius></WrapSphere>
      <WrapCylinder name="rod"><radius>0.02</radius><length>0.2</length><translation>0.1 0 0</translation><quadrant>-x</quadrant></WrapCylinder>
    </objects></WrapObjectSet>
  </Ground>
  <BodySet name="bodyset"><objects>
    <Body name="hand"><mass>1</mass><mass_center>0 0 0.1</mass_center><inertia>1 2 3 0 0 0</inertia>
      <components>
        <PhysicalOffsetFrame name="palm"><socket_parent>/bodyset/hand</socket_parent><translation>0.1 0 0</translation><orientation>0.3 0.2 0.1</orientation>
          <WrapObjectSet name="wrapobjectset"><objects><WrapTorus name="ring"><inner_radius>0.01</inner_radius><outer_radius>0.03</outer_radius><translation>0 0.01 0</translation><xyz_body_rotation>0.1 0 0</xyz_body_rotation></WrapTorus></objects></WrapObjectSet>
        </PhysicalOffsetFrame>
        <PhysicalOffsetFrame name="finger"><socket_parent>../palm</socket_parent><translation>0 0.1 0</translation><orientation>0 0.4 0</orientation></PhysicalOffsetFrame>
      </components></Body>
    <Body name="arm"><mass>2</mass></Body>
    <Body name="sled"><mass>0.5</mass></Body>
    <Body name="free"/>
    <Body name="globe"/>
    <Body name="tail"/>
  </objects></BodySet>
  <JointSet name="jointset"><objects>
    <PinJoint name="wrist"><socket_parent_frame>arm_offset</socket_parent_frame><socket_child_frame>hand_offset</socket_child_frame>
      <coordinates><Coordinate name="wrist_q"><default_value>0.2</default_value><range>-1 1</range><clamped>true</clamped></Coordinate></coordinates>
      <frames>
        <PhysicalOffsetFrame name="arm_offset"><socket_parent>/bodyset/arm</socket_parent><translation>0 -0.3 0</translation><orientation>0.1 0 0</orientation></PhysicalOffsetFrame>
        <PhysicalOffsetFrame name="hand_offset"><socket_parent>/bodyset/hand</socket_parent><translation>0 0.05 0</translation><orientation>0 0.2 0</orientation></PhysicalOffsetFrame>
      </frames></PinJoint>
    <SliderJoint name="rail"><socket_parent_frame>/ground/stand</socket_parent_frame><socket_child_frame>/bodyset/sled</socket_child_frame>
      <coordinates><Coordinate name="rail_q"><locked>true</locked></Coordinate></coordinates></SliderJoint>
    <CustomJoint name="shoulder"><socket_parent_frame>/bodyset/sled</socket_parent_frame><socket_child_frame>/bodyset/arm</socket_child_frame>
      <coordinates><Coordinate name="lift"/><Coordinate name="glide"/></coordinates>
      <SpatialTransform>
        <TransformAxis name="rotation1"><coordinates>lift</coordinates><axis>0 0 1</axis><LinearFunction name="function"><coefficients>1 0</coefficients></LinearFunction></TransformAxis>
        <TransformAxis name="rotation2"><coordinates>lift</coordinates><axis>0 1 0</axis><PolynomialFunction name="function"><coefficients>0.5 0 0.1</coefficients></PolynomialFunction></TransformAxis>
        <TransformAxis name="rotation3"><coordinates></coordinates><axis>1 0 0</axis><Constant name="function"><value>0.25</value></Constant></TransformAxis>
        <TransformAxis name="translation1"><coordinates>glide</coordinates><axis>1 0 0</axis></TransformAxis>
        <TransformAxis name="translation2"><coordinates>lift</coordinates><axis>0 1 0</axis><MultiplierFunction name="function"><PiecewiseLinearFunction name="function"><x>-1 0 1</x><y>-0.1 0 0.2</y></PiecewiseLinearFunction><scale>2</scale></MultiplierFunction></TransformAxis>
        <TransformAxis name="translation3"><coordinates>lift</coordinates><axis>0 0 1</axis><SimmSpline name="function"><x>-1 0 1 2</x><y>0 0.1 0.05 0</y></SimmSpline></TransformAxis>
      </SpatialTransform></CustomJoint>
    <FreeJoint name="float"><socket_parent_frame>/ground</socket_parent_frame><socket_child_frame>/bodyset/free</socket_child_frame>
      <coordinates><Coordinate name="f1"/><Coordinate name="f2"/><Coordinate name="f3"/><Coordinate name="f4"/><Coordinate name="f5"/><Coordinate name="f6"/></coordinates></FreeJoint>
    <BallJoint name="socket"><socket_parent_frame>/bodyset/free</socket_parent_frame><socket_child_frame>/bodyset/globe</socket_child_frame>
      <coordinates><Coordinate name="b1"/><Coordinate name="b2"/><Coordinate name="b3"/></coordinates></BallJoint>
    <WeldJoint name="glue"><socket_parent_frame>/bodyset/globe</socket_parent_frame><socket_child_frame>/bodyset/tail</socket_child_frame></WeldJoint>
  </objects></JointSet>
  <ConstraintSet name="constraintset"><objects>
    <CoordinateCouplerConstraint name="follow"><isEnforced>true</isEnforced>
      <LinearFunction name="coupled_coordinates_function"><coefficients>0.5 0.1</coefficients></LinearFunction>
      <independent_coordinate_names>lift</independent_coordinate_names><dependent_coordinate_name>wrist_q</dependent_coordinate_name><scale_factor>2</scale_factor></CoordinateCouplerConstraint>
    <WeldConstraint name="off"><isEnforced>false</isEnforced></WeldConstraint>
  </objects></ConstraintSet>
  <ForceSet name="forceset"><objects>
    <Thelen2003Muscle name="flexor"><optimal_fiber_length>0.2</optimal_fiber_length><pennation_angle_at_optimal>0.1</pennation_angle_at_optimal>
      <GeometryPath name="path"><PathPointSet><objects>
        <PathPoint name="p1"><socket_parent_frame>/ground</socket_parent_frame><location>0 0.5 0.1</location></PathPoint>
        <ConditionalPathPoint name="p2"><socket_parent_frame>/bodyset/arm</socket_parent_frame><location>0.1 0 0</location><range>0 1</range><socket_coordinate>/jointset/shoulder/lift</socket_coordinate></ConditionalPathPoint>
        <MovingPathPoint name="p3"><socket_parent_frame>/bodyset/arm</socket_parent_frame><socket_x_coordinate>/jointset/shoulder/lift</socket_x_coordinate>
          <LinearFunction name="x_location"><coefficients>0.1 0.2</coefficients></LinearFunction><Constant name="y_location"><value>0.03</value></Constant><Constant name="z_location"><value>-0.04</value></Constant></MovingPathPoint>
        <PathPoint name="p4"><socket_parent_frame>/bodyset/hand/finger</socket_parent_frame><location>0.01 0.02 0.03</location></PathPoint>
      </objects></PathPointSet>
      <PathWrapSet><objects>
        <PathWrap name="w1"><wrap_object>rod</wrap_object><method>midpoint</method><range>1 2</range></PathWrap>
        <PathWrap name="w2"><wrap_object>ring</wrap_object></PathWrap>
      </objects></PathWrapSet></GeometryPath></Thelen2003Muscle>
    <CoordinateLimitForce name="stop"/>
  </objects></ForceSet>
  <MarkerSet name="markerset"><objects>
    <Marker name="tip"><socket_parent_frame>/bodyset/hand/finger</socket_parent_frame><location>0 0 0.02</location></Marker>
    <Marker name="end"><socket_parent_frame>/bodyset/tail</socket_parent_frame><location>0.1 0.2 0.3</location></Marker>
  </objects></MarkerSet>
  <ControllerSet name="controllerset"><objects><PrescribedController name="hand_of_god"/></objects></ControllerSet>
</Model>
</OpenSimDocument>
`

// sampleV3 is a small document of version 3.
const sampleV3 = `<?xml version="1.0" encoding="ISO-8859-1"?>
<OpenSimDocument Version="30000">
<Model name="small">
<credits>R&#233;n&eacute; is not read</credits>
<BodySet><objects>
<Body name="ground"><Joint/><WrapObjectSet><objects><WrapEllipsoid name="egg"><dimensions>0.1 0.2 0.1</dimensions><active>true</active><quadrant>all</quadrant></WrapEllipsoid></objects></WrapObjectSet></Body>
<Body name="arm"><mass>1</mass><inertia_xx>0.1</inertia_xx><Joint><PinJoint name="elbow"><parent_body>ground</parent_body>
<location_in_parent>0 1 0</location_in_parent><orientation_in_parent>0 0 0</orientation_in_parent><location>0 0.1 0</location><orientation>0 0 0</orientation>
<CoordinateSet><objects><Coordinate name="flexion"><motion_type>rotational</motion_type><default_value>0.5</default_value><range>-1 2</range><clamped>false</clamped><locked>false</locked><prescribed>false</prescribed></Coordinate></objects><groups/></CoordinateSet><reverse>false</reverse></PinJoint></Joint></Body>
</objects></BodySet>
<ForceSet><objects><Thelen2003Muscle name="biceps"><GeometryPath><PathPointSet><objects>
<PathPoint name="a"><location>0.5 0.5 0.1</location><body>ground</body></PathPoint>
<PathPoint name="b"><location>0 -0.5 0</location><body>arm</body></PathPoint></objects></PathPointSet>
<PathWrapSet><objects><PathWrap><wrap_object>egg</wrap_object><method>hybrid</method><range>-1 -1</range></PathWrap></objects></PathWrapSet></GeometryPath>
<max_isometric_force>100</max_isometric_force><optimal_fiber_length>0.3</optimal_fiber_length><tendon_slack_length>0.2</tendon_slack_length><pennation_angle_at_optimal>0</pennation_angle_at_optimal></Thelen2003Muscle></objects></ForceSet>
<MarkerSet><objects><Marker name="tip"><body>arm</body><location>0 -1 0</location></Marker></objects></MarkerSet>
</Model>
</OpenSimDocument>
`
